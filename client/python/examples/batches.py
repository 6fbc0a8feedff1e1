from leasehold import Client, Executor

executor = Executor()


@executor.batch_task("notify")
def notify(addresses):
    results = []
    for address in addresses:
        if "@" in address:
            print("notified", address)
            results.append(None)
        else:
            results.append(ValueError(f"{address} is no address"))
    return results


client = Client()
job_id = client.add_batch_job("notify", ["ada@example.org", "nobody", "grace@example.org"])
executor.run_once()
job = client.get_job(job_id)
print(job.payload, "is left:", job.last_error)
