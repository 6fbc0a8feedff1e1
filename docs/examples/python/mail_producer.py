from datetime import timedelta

from leasehold import Client

with Client() as client:
    print(client.add_job("mail", {"to": "ada@example.org"}))
    print(client.add_job("mail", {"to": "bob@example.org", "busy": True}, queue_name="outbox",
                         priority=-1, max_attempts=5, job_key="welcome-bob"))
    print(client.add_job("mail", {"to": "nobody"}))
    print(client.add_job("mail", {"to": "eve@example.org"}, delay=timedelta(days=1)))
