from datetime import timedelta

from leasehold import Client, KeyExists, NewJob

with Client() as client:
    # When it returns, the job is on disk.
    print("added", client.add_job("hello", {"name": "you"}))
    client.add_job("hello", {"name": "tomorrow"}, delay=timedelta(days=1))

    # All of them, or none.
    names = ["Ada", "Grace", "Edsger"]
    client.add_jobs([NewJob("hello", {"name": name}, priority=5) for name in names])

    # One at a time for each account, whoever runs them.
    client.add_job("charge", {"cents": 250}, queue_name="account-7", max_attempts=5)

    # At most one that waits: adding it again takes its place.
    client.add_job("reindex", job_key="reindex", delay=60)
    try:
        client.add_job("reindex", job_key="reindex", job_key_mode="reject")
    except KeyExists:
        print("a reindex waits already")
