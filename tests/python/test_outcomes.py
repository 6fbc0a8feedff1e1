"""How attempts end: what a handler raises and returns, and what becomes of its job."""
import asyncio
import logging
from datetime import timedelta

import pytest

from leasehold import Fail, JobState, JsonText, Permanent, Release, RetryAfter


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no text")


@pytest.mark.parametrize("error, text", [
    (Unspeakable(), "Unspeakable"),
    (ValueError("no luck"), "no luck"),
    (KeyError("name"), "'name'"),
    (ZeroDivisionError(), "ZeroDivisionError"),
    (SystemExit(3), "3"),
    (ValueError("half \ud800 of a character"), "half ? of a character"),
    (ValueError("x" * 70_000), "x" * 65_536),
])
def test_fails_an_attempt_with_the_text_of_what_its_handler_raised(
        client, executor, task, error, text):
    @executor.task(task)
    def handle(payload):
        raise error

    job_id = client.add_job(task)
    executor.run_once()
    job = client.get_job(job_id)
    assert (job.last_error, job.attempts, job.state) == (text, 1, JobState.SCHEDULED)


def test_fails_an_attempt_of_a_coroutine_as_well(client, executor, task):
    @executor.task(task)
    async def handle(payload):
        raise ValueError("no luck")

    job_id = client.add_job(task)
    executor.run_once()
    assert client.get_job(job_id).last_error == "no luck"


def test_fails_for_good_what_is_permanent(client, executor, task):
    @executor.task(task)
    def handle(payload):
        raise Permanent("never")

    job_id = client.add_job(task)
    executor.run_once()
    job = client.get_job(job_id)
    assert (job.last_error, job.state) == ("never", JobState.FAILED)


@pytest.mark.parametrize("delay", [3600, 3600.0, timedelta(hours=1)])
def test_tries_again_after_the_time_that_the_handler_asked_for(client, executor, task, delay):
    @executor.task(task)
    def handle(payload):
        raise RetryAfter(delay, "later")

    job_id = client.add_job(task)
    executor.run_once()
    job = client.get_job(job_id)
    assert job.last_error == "later"
    assert timedelta(minutes=55) < job.run_at - job.created_at < timedelta(minutes=65)


def test_gives_a_job_back_without_counting_the_attempt(client, executor, task):
    @executor.task(task)
    def handle(payload):
        raise Release(timedelta(hours=1))

    job_id = client.add_job(task)
    executor.run_once()
    job = client.get_job(job_id)
    assert (job.attempts, job.last_error) == (0, "")
    assert job.run_at - job.created_at > timedelta(minutes=55)


def test_gives_the_next_attempt_another_payload(client, executor, task):
    @executor.task(task)
    def handle(payload):
        raise Fail("half done", payload={"page": payload["page"] + 1})

    job_id = client.add_job(task, {"page": 1})
    executor.run_once()
    assert client.get_job(job_id).payload == {"page": 2}


class BarePermanent(Permanent):
    def __init__(self):
        pass


class BareRelease(Release):
    def __init__(self):
        pass


class Broken(Fail):
    @property
    def delay(self):
        raise ValueError("no delay")


def nested(depth):
    payload = []
    for _ in range(depth):
        payload = [payload]
    return payload


@pytest.mark.parametrize("error, text, attempts, state", [
    (BarePermanent(), "BarePermanent", 25, JobState.FAILED),
    (BareRelease(), "", 0, JobState.READY),
    (Broken("bad"), "bad (a plain failure: no delay)", 1, JobState.SCHEDULED),
    (Fail("deep", payload=nested(100_000)), "deep (and its new payload is not JSON", 1,
     JobState.SCHEDULED),
])
@pytest.mark.parametrize("coroutine", [False, True])
def test_makes_an_outcome_of_an_exception_that_is_broken_itself(
        client, executor, task, error, text, attempts, state, coroutine):
    def handle(payload):
        executor.stop()
        raise error

    async def handle_async(payload):
        handle(payload)

    executor.task(task)(handle_async if coroutine else handle)
    job_id = client.add_job(task)
    executor.run()
    job = client.get_job(job_id)
    assert job.last_error.startswith(text)
    assert (job.attempts, job.state) == (attempts, state)


def test_reports_a_failure_whose_line_in_the_log_cannot_be_written(client, executor, task):
    def refuse(record):
        raise RuntimeError("a filter of the program's own")

    @executor.task(task)
    def handle(payload):
        raise Permanent("never")

    job_id = client.add_job(task)
    logger = logging.getLogger("leasehold")
    logger.addFilter(refuse)
    try:
        executor.run_once()
    finally:
        logger.removeFilter(refuse)
    job = client.get_job(job_id)
    assert (job.last_error, job.state) == ("never", JobState.FAILED)


def test_tries_only_the_items_of_a_batch_again_that_failed(client, executor, task):
    seen = []

    @executor.batch_task(task)
    def handle(items, ctx):
        seen.append((items, ctx.job.id))
        return [ValueError("no disk") if item == 1 else item for item in items]

    job_id = client.add_batch_job(task, [0, JsonText("1.0"), {"x": [2]}])
    executor.run_once()
    assert seen == [([0, 1.0, {"x": [2]}], job_id)]
    job = client.get_job(job_id)
    assert (job.payload_text, job.last_error) == ("[1.0]", "1 of 3 items failed: 1: no disk")


def test_takes_what_gather_returns_of_a_batch(client, executor, task):
    async def one(item):
        if item % 2:
            raise ValueError(f"odd {item}")

    @executor.batch_task(task)
    async def handle(items):
        return await asyncio.gather(*map(one, items), return_exceptions=True)

    job_id = client.add_batch_job(task, [1, 2, 3])
    executor.run_once()
    job = client.get_job(job_id)
    assert (job.payload, job.last_error) == (
        [1, 3], "2 of 3 items failed: 0: odd 1; 2: odd 3")
