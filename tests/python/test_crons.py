"""Crons against a real server, blocking and with asyncio."""
from datetime import timedelta

import pytest

from leasehold import CronSpec, Executor, FailedPrecondition, InvalidRequest, NotFound


def test_puts_pauses_resumes_runs_and_removes_a_cron(either, task):
    spec = CronSpec("*/5 8-18 * * mon-fri", task, {"a": 1}, identifier=task,
                    time_zone="Europe/Berlin", fill=timedelta(hours=2), priority=4,
                    queue_name="q", max_attempts=3, flags=["x"])
    cron = either.put_cron(spec)
    assert (cron.identifier, cron.paused, cron.source, cron.last_run) == (task, False, "", None)
    assert (cron.spec.schedule, cron.spec.time_zone) == ("*/5 8-18 * * mon-fri", "Europe/Berlin")
    assert (cron.spec.fill, cron.spec.priority, cron.spec.queue_name) == (spec.fill, 4, "q")
    assert cron.next_run > cron.known_since
    assert either.pause_cron(task).next_run is None
    job = either.get_job(either.run_cron(task))
    assert (job.task, job.payload["a"], job.priority, job.max_attempts) == (task, 1, 4, 3)
    assert not either.resume_cron(task).paused
    assert task in [cron.identifier for cron in either.list_crons()]
    either.remove_cron(task)
    with pytest.raises(NotFound) as caught:
        either.pause_cron(task)
    assert caught.value.reason == "CRON_NOT_FOUND"


def test_names_what_is_wrong_with_a_cron(either, task):
    with pytest.raises(InvalidRequest, match="schedule"):
        either.put_cron(CronSpec("61 * * * *", task))


def test_removes_the_lines_that_a_crontab_of_the_same_name_has_no_more(either, task):
    two = f"0 4 * * * {task} ?id={task}-a\n0 5 * * * {task} ?id={task}-b\n"
    assert len(either.apply_crontab(two, task).crons) == 2
    applied = either.apply_crontab(f"0 4 * * * {task} ?id={task}-a\n", task)
    assert [cron.identifier for cron in applied.crons] == [f"{task}-a"]
    assert applied.removed == [f"{task}-b"]
    with pytest.raises(FailedPrecondition) as caught:
        either.put_cron(CronSpec("0 4 * * *", task, identifier=f"{task}-a"))
    assert caught.value.reason == "CRON_OWNED"
    with pytest.raises(InvalidRequest, match="line 2"):
        either.apply_crontab("# fine\n0 25 * * * report\n", task)


def test_runs_the_crontab_of_an_executor(server, client, task):
    executor = Executor(server.address, crontab=f"0 4 1 1 * {task} {{\"a\": 1}}\n",
                        crontab_name=task)
    ran = []

    @executor.task(task)
    def handle(payload):
        ran.append(payload)

    # The first run stores it.
    executor.run_once()
    client.run_cron(task)
    executor.run_once()
    assert [payload["a"] for payload in ran] == [1]
    client.apply_crontab("", task)
