from leasehold import Client
client = Client()
print(client.add_job("hello", {"name": "Bob"}, delay=0.5, job_key="hello-bob"))
