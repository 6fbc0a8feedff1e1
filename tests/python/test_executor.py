"""Executors against a real server: which handlers run, and what they may do."""
import asyncio
import logging
import threading
from datetime import timedelta

import pytest
from executor_fixture import Running
from server_fixture import PATIENCE, wait_until

from leasehold import AsyncJobContext, Executor, InvalidRequest, JobContext, JobState, JsonText


def test_runs_the_handler_of_a_job_and_completes_it(client, executor, task):
    seen = []

    @executor.task(task)
    def handle(payload):
        seen.append(payload)

    job_id = client.add_job(task, {"name": "wörld", "n": 2**60})
    executor.run_once()
    assert seen == [{"name": "wörld", "n": 2**60}]
    assert client.list_jobs(task=task).jobs == []
    with pytest.raises(LookupError, match="JOB_NOT_FOUND"):
        client.get_job(job_id)


def test_runs_coroutines_beside_plain_handlers(client, executor, task):
    seen = []

    @executor.task(task)
    async def handle(payload):
        await asyncio.sleep(0)
        seen.append(payload)

    @executor.task(task + "-plain")
    def plain(payload):
        seen.append(payload)

    for number in range(20):
        client.add_job(task if number % 3 else task + "-plain", number)
    executor.run_once()
    assert sorted(seen) == list(range(20))


def test_counts_plain_handlers_and_coroutines_together(server, client, task):
    executor = Executor(server.address, concurrency=3)
    lock = threading.Lock()
    running, most = 0, 0
    full = threading.Event()

    def enter():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 3:
                full.set()

    def leave():
        nonlocal running
        with lock:
            running -= 1

    @executor.task(task)
    def plain(payload):
        enter()
        full.wait(PATIENCE)
        leave()

    @executor.task(task + "-async")
    async def coroutine(payload):
        enter()
        while not full.is_set():
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        leave()

    for number in range(40):
        client.add_job(task + ("-async" if number % 2 else ""))
    executor.run_once()
    assert most == 3


def test_tells_a_handler_all_of_its_job(client, executor, task):
    jobs = []

    @executor.task(task)
    def handle(payload, ctx):
        assert isinstance(ctx, JobContext)
        jobs.append(ctx)

    job_id = client.add_job(
        task, JsonText('{"a": 1.0 }'), queue_name="q", priority=-5, max_attempts=7, job_key=task,
        flags=["b", "a"], metadata={"traceparent": "00-x"})
    executor.run_once()
    (context,) = jobs
    job = context.job
    assert (job.id, job.task, job.payload_text) == (job_id, task, '{"a": 1.0 }')
    assert (job.payload, job.queue_name, job.priority) == ({"a": 1.0}, "q", -5)
    assert (job.attempt, job.max_attempts, job.job_key) == (1, 7, task)
    assert (sorted(job.flags), job.metadata) == (["a", "b"], {"traceparent": "00-x"})
    assert job.fencing_number == context.fencing_number > 0
    assert job.lease_token
    assert job.run_at.utcoffset() == timedelta(0)
    assert abs(job.run_at - job.created_at) < timedelta(minutes=5)
    assert not context.cancelled.is_set()


def test_gives_a_coroutine_a_context_whose_calls_are_awaited(client, executor, task):
    added = []

    @executor.task(task)
    async def handle(payload, ctx):
        assert isinstance(ctx, AsyncJobContext)
        added.append(await ctx.add_job(task + "-next", {"of": ctx.job.id}))

    job_id = client.add_job(task)
    executor.run_once()
    assert client.get_job(added[0]).payload == {"of": job_id}


def test_lets_a_handler_add_jobs(client, executor, task):
    @executor.task(task)
    def handle(payload, ctx):
        ctx.add_job(task + "-next", priority=3)

    client.add_job(task)
    executor.run_once()
    (job,) = client.list_jobs(task=task + "-next").jobs
    assert job.priority == 3


def test_names_the_job_in_each_line_of_its_log(client, executor, task, caplog):
    @executor.task(task)
    def handle(payload, ctx):
        ctx.logger.info("%s of %s", 1, 2, extra={"own": "x"})

    job_id = client.add_job(task)
    with caplog.at_level(logging.INFO, logger="leasehold"):
        executor.run_once()
    (record,) = [record for record in caplog.records if hasattr(record, "own")]
    assert record.getMessage() == f"job {job_id} ({task}, attempt 1): 1 of 2"
    assert (record.job_id, record.task, record.attempt, record.own) == (job_id, task, 1, "x")


def test_runs_no_job_with_a_flag_that_it_forbids(server, client, task):
    executor = Executor(server.address, forbidden_flags=["gpu"])
    ran = []
    executor.task(task)(ran.append)
    client.add_job(task, "no", flags=["gpu"])
    client.add_job(task, "yes")
    executor.run_once()
    assert ran == ["yes"]


def test_runs_jobs_as_they_come_until_it_is_stopped(client, executor, task):
    ran = threading.Semaphore(0)

    @executor.task(task)
    def handle(payload):
        ran.release()

    with Running(executor) as running:
        for _ in range(3):
            client.add_job(task)
            assert ran.acquire(timeout=PATIENCE)
    assert running.error is None


def test_takes_handlers_that_come_and_go_while_it_runs(client, executor, task):
    ran = []
    executor.task(task)(ran.append)
    with Running(executor):
        client.add_job(task, 1)
        wait_until(lambda: ran == [1], "the first task")
        executor.task(task + "-later")(ran.append)
        client.add_job(task + "-later", 2)
        wait_until(lambda: ran == [1, 2], "the task that came later")
        executor.remove(task)
        job_id = client.add_job(task, 3)
        client.add_job(task + "-later", 4)
        wait_until(lambda: ran == [1, 2, 4], "the task that is left")
        assert client.get_job(job_id).state is not JobState.LEASED


def test_returns_at_once_if_it_was_stopped_before(executor, task):
    executor.task(task)(print)
    executor.stop()
    executor.run()


def test_refuses_to_run_without_a_handler(executor):
    with pytest.raises(InvalidRequest, match="no handler"):
        executor.run_once()


def test_says_what_the_server_found_wrong(executor):
    executor.task("x" * 200)(print)
    with pytest.raises(InvalidRequest, match="128"):
        executor.run_once()


def test_gives_up_where_no_server_answers(task):
    executor = Executor("127.0.0.1:1", give_up_after=0.3)
    executor.task(task)(print)
    with pytest.raises(Exception, match="no server has answered for 0.3 s") as caught:
        executor.run()
    assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("options", [
    {"concurrency": 0}, {"prefetch": -1}, {"grace_period": -1}, {"grace_period": "30"},
    {"session": "fork"}, {"forbidden_flags": "gpu"}, {"address": " , "},
])
def test_refuses_bad_options(options):
    with pytest.raises(InvalidRequest, match=next(iter(options))):
        Executor(**options)


@pytest.mark.parametrize("handler", [
    lambda: None, lambda a, b, c: None, lambda a, *, b: None,
])
def test_refuses_a_handler_that_it_could_not_call(handler):
    with pytest.raises(TypeError, match=r"def f\(payload\)"):
        Executor().task("t")(handler)


def test_refuses_to_give_up_before_it_has_begun():
    with pytest.raises(InvalidRequest, match="give_up_after: must be more than 0"):
        Executor("127.0.0.1:1", give_up_after=0)
