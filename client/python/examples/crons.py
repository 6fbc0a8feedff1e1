from datetime import timedelta

from leasehold import Client, CronSpec, Executor

CRONTAB = """
# minute hour day month weekday task
*/15 * * * *  refresh ?fill=1h {"what": "prices"}
0 4 * * mon   report  ?tz=Europe/Berlin&priority=10
"""

# Stored before the first job, under a name: lines that are gone are removed by the next start.
executor = Executor(crontab=CRONTAB, crontab_name="shop")


@executor.task("refresh")
def refresh(payload):
    print("refresh", payload["what"])


@executor.task("report")
def report(payload):
    print("report")


client = Client()
nightly = CronSpec("30 2 * * *", "report", identifier="nightly", fill=timedelta(hours=6))
client.put_cron(nightly)
client.run_cron("nightly")
executor.run_once()
for cron in client.list_crons():
    print(cron.identifier, "runs next at", cron.next_run)
client.pause_cron("nightly")
client.remove_cron("nightly")
