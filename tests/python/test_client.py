"""Producers against a real server, blocking and with asyncio."""
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from server_fixture import PATIENCE

from leasehold import (
    AlreadyExists,
    Client,
    InvalidRequest,
    JobState,
    JsonText,
    KeyExists,
    NewJob,
    NotFound,
)

NOON = datetime(2040, 5, 6, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


def test_adds_a_job_with_every_option(either, task):
    job_id = either.add_job(
        task, {"a": [1, "ü", None]}, queue_name="q", run_at=NOON, max_attempts=3, job_key=task,
        job_key_mode="replace", priority=-7, flags=["x", "y"], metadata={"traceparent": "00"})
    job = either.get_job(job_id)
    assert (job.id, job.task, job.payload) == (job_id, task, {"a": [1, "ü", None]})
    assert (job.queue_name, job.run_at, job.max_attempts) == ("q", NOON, 3)
    assert (job.job_key, job.priority, sorted(job.flags)) == (task, -7, ["x", "y"])
    assert job.metadata == {"traceparent": "00"}
    assert (job.state, job.attempts, job.last_error) == (JobState.SCHEDULED, 0, "")
    assert (job.locked_at, job.locked_by) == (None, "")


def test_adds_a_job_with_nothing_but_its_task(either, task):
    job = either.get_job(either.add_job(task))
    assert (job.payload, job.queue_name, job.job_key, job.priority) == ({}, None, None, 0)
    assert (job.max_attempts, job.state) == (25, JobState.READY)


@pytest.mark.parametrize("delay", [90, 90.0, timedelta(minutes=1.5)])
def test_adds_a_job_for_later(either, task, delay):
    job = either.get_job(either.add_job(task, delay=delay))
    late = (job.run_at - job.created_at).total_seconds()
    assert 60 < late < 120


@pytest.mark.parametrize("text", ['{"n": 0.10, "big": 123456789012345678901234567890.5}',
                                  "[ 1,2 ]", "null", '"\\ud834\\udd1e"'])
def test_hands_a_text_on_as_it_is(either, task, text):
    assert either.get_job(either.add_job(task, JsonText(text))).payload_text == text


def test_adds_many_jobs_in_their_order_or_none(either, task):
    ids = either.add_jobs([NewJob(task, number) for number in range(100)])
    assert [either.get_job(job_id).payload for job_id in ids[::33]] == [0, 33, 66, 99]
    with pytest.raises(InvalidRequest) as caught:
        either.add_jobs([NewJob(task + "x"), NewJob(task + "x", max_attempts=0)])
    assert [violation.field for violation in caught.value.violations] == ["jobs[1].max_attempts"]
    assert either.list_jobs(task=task + "x").jobs == []


def test_adds_a_batch(either, task):
    job_id = either.add_batch_job(task, [1, JsonText("2.0"), {"a": 3}], priority=4)
    job = either.get_job(job_id)
    assert (job.payload_text, job.priority) == ('[1,2.0,{"a":3}]', 4)
    with pytest.raises(InvalidRequest, match="items: must not be empty"):
        either.add_batch_job(task, [])


def test_lists_jobs_page_by_page(either, task):
    ids = either.add_jobs([NewJob(task, queue_name=task) for _ in range(5)])
    seen, token = [], ""
    for _ in range(3):
        page = either.list_jobs(task=task, queue_name=task, state=JobState.READY, page_size=2,
                                page_token=token)
        seen += [job.id for job in page.jobs]
        token = page.next_page_token
    assert (seen, token) == (ids, "")
    assert page.jobs[0].payload is None
    assert either.list_jobs(task=task, state=JobState.FAILED).jobs == []


def test_removes_a_job_by_its_key(either, task):
    job_id = either.add_job(task, job_key=task)
    assert either.remove_job(task) == job_id
    with pytest.raises(NotFound) as caught:
        either.remove_job(task)
    assert (caught.value.code, caught.value.reason) == ("NOT_FOUND", "JOB_NOT_FOUND")


def test_does_with_a_key_that_is_there_what_the_mode_says(either, task):
    first = either.add_job(task, 1, job_key=task, run_at=NOON)
    assert either.add_job(task, 2, job_key=task, job_key_mode="unsafe_dedupe") == first
    assert either.get_job(first).payload == 1
    assert either.add_job(task, 3, job_key=task, job_key_mode="preserve_run_at") == first
    assert (either.get_job(first).payload, either.get_job(first).run_at) == (3, NOON)
    assert either.add_job(task, 4, job_key=task) == first
    assert either.get_job(first).state is JobState.READY
    with pytest.raises(KeyExists) as caught:
        either.add_job(task, job_key=task, job_key_mode="reject")
    assert (caught.value.code, caught.value.reason) == ("ALREADY_EXISTS", "KEY_EXISTS")


def test_answers_a_request_id_once_more_as_the_first_time(either, task):
    first = either.add_job(task, 1, request_id=task)
    assert either.add_job(task, 1, request_id=task) == first
    with pytest.raises(AlreadyExists) as caught:
        either.add_job(task, 2, request_id=task)
    assert caught.value.reason == "REQUEST_ID_REUSED"


def test_names_every_bad_field(either, task):
    with pytest.raises(InvalidRequest) as caught:
        either.add_job("", max_attempts=0, priority=40_000, flags=["x" * 200])
    fields = {violation.field for violation in caught.value.violations}
    assert fields == {"job.task", "job.max_attempts", "job.priority", "job.flags[0]"}
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("field, options", [
    ("job.payload", {"payload": float("nan")}),
    ("job.payload", {"payload": {1, 2}}),
    ("job.run_at", {"run_at": datetime(2040, 1, 1)}),
    ("job.run_at", {"run_at": "tomorrow"}),
    ("job.delay", {"delay": "1m"}),
    ("job.delay", {"delay": 1e30}),
    ("job.job_key_mode", {"job_key": "k", "job_key_mode": "update"}),
    ("job.flags", {"flags": "gpu"}),
    ("job", {"priority": 1 << 40}),
    ("job", {"queue_name": "half \ud800"}),
    ("job", {"payload": "half \ud800"}),
    ("job", {"metadata": {"a": 1}}),
])
def test_says_what_no_server_needs_to_see(make, field, options):
    client = make("127.0.0.1:1")
    with pytest.raises(InvalidRequest) as caught:
        client.add_job("t", **options)
    assert caught.value.violations[0].field == field


def test_moves_the_clock_of_a_server_for_tests(make, tmp_path_factory, task):
    from server_fixture import Server

    server = Server(str(tmp_path_factory.mktemp("clock")))
    try:
        client = make(server.address)
        job_id = client.add_job(task, delay=timedelta(hours=1))
        client.advance_clock(timedelta(hours=2))
        assert client.get_job(job_id).state is JobState.READY
    finally:
        server.stop()


def test_finds_its_server_in_the_environment(server, task):
    program = "import leasehold, sys; print(leasehold.Client().add_job(sys.argv[1]))"
    environment = {**os.environ, "LEASEHOLD_SERVER": server.address}
    said = subprocess.run([sys.executable, "-c", program, task], env=environment, check=True,
                          stdout=subprocess.PIPE, text=True, timeout=PATIENCE).stdout
    with Client(server.address) as client:
        assert client.get_job(said.strip()).task == task


def test_works_after_a_fork_if_it_was_not_used_before(server, task):
    """As of a module that a pre-forking web server imports."""
    program = """
import json, os, sys, leasehold
client = leasehold.Client()
children = []
for _ in range(3):
    incoming, outgoing = os.pipe()
    if os.fork() == 0:
        os.write(outgoing, client.add_job(sys.argv[1]).encode())
        os._exit(0)
    os.close(outgoing)
    children.append(incoming)
print(json.dumps([os.read(child, 100).decode() for child in children]))
"""
    environment = {**os.environ, "LEASEHOLD_SERVER": server.address}
    said = subprocess.run([sys.executable, "-c", program, task], env=environment, check=True,
                          stdout=subprocess.PIPE, text=True, timeout=PATIENCE).stdout
    with Client(server.address) as client:
        assert sorted(json.loads(said)) == sorted(
            job.id for job in client.list_jobs(task=task).jobs)
