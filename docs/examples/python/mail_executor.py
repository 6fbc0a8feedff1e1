import asyncio

from leasehold import Executor, Permanent, RetryAfter

executor = Executor(concurrency=4)


@executor.task("mail")
def mail(payload, ctx):
    if "@" not in payload["to"]:
        raise Permanent(f"{payload['to']} is no address")  # never again; the job stays, failed
    if ctx.job.attempt == 1 and payload.get("busy"):
        raise RetryAfter(0.2, "the mail server is busy")  # any other exception: the back-off
    print("sent to", payload["to"])  # returning is success
    ctx.add_job("log", {"job": ctx.job.id})


@executor.task("log")
async def log(payload):  # coroutines run beside each other on one thread
    await asyncio.sleep(0.01)
    print("logged", payload["job"])


executor.run()  # until SIGTERM or Ctrl-C
