"""When a call is repeated, and under which request id; crons, as they go over the wire."""
import threading
import time
from datetime import timedelta

import grpc
import pytest
from fake_server import FakeServer, Refuse
from server_fixture import PATIENCE

from leasehold import (
    Client,
    CronSpec,
    Error,
    FailedPrecondition,
    InvalidRequest,
    JsonText,
    Unavailable,
    _calls,
)
from leasehold._calls import Attempts
from leasehold._proto import admin_service_pb2 as admin
from leasehold._proto import cron_pb2
from leasehold._proto.job_service_pb2 import AddJobResponse
from leasehold.errors import make_error

AWAY = Refuse(grpc.StatusCode.UNAVAILABLE, "no leader yet", "NO_LEADER", retry_seconds=0.01)
FULL = Refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", "SERVER_FULL", retry_seconds=0.01)
DONE = AddJobResponse(id="7")


def request_ids(server):
    return {request.request_id for request in server.requests}


@pytest.mark.parametrize("first", [AWAY, FULL])
def test_repeats_under_one_request_id_what_may_succeed_later(make, fake, first):
    fake.answer("AddJob", first, first, DONE)
    assert make(fake.address).add_job("t") == "7"
    assert len(fake.requests) == 3
    assert len(request_ids(fake)) == 1
    assert len(request_ids(fake).pop()) == 36


def test_makes_a_new_request_id_for_each_call(make, fake):
    fake.answer("AddJob", DONE)
    client = make(fake.address)
    for _ in range(3):
        client.add_job("t")
    assert len(request_ids(fake)) == 3


@pytest.mark.parametrize("code, error", [
    (grpc.StatusCode.RESOURCE_EXHAUSTED, Unavailable),
    (grpc.StatusCode.FAILED_PRECONDITION, FailedPrecondition),
    (grpc.StatusCode.INTERNAL, Error),
    (grpc.StatusCode.INVALID_ARGUMENT, InvalidRequest),
])
def test_repeats_nothing_else(make, fake, code, error):
    fake.answer("AddJob", Refuse(code, "no"))
    with pytest.raises(error) as caught:
        make(fake.address).add_job("t")
    assert (caught.value.code, caught.value.message) == (code.name, "no")
    assert len(fake.requests) == 1


def test_repeats_under_the_same_id_what_was_not_answered_in_time(make, fake):
    def hang(request, context):
        given_up = threading.Event()
        context.add_callback(given_up.set)
        given_up.wait(PATIENCE)
        return DONE

    fake.answer("AddJob", hang, DONE)
    assert make(fake.address, timeout=2.5).add_job("t") == "7"
    assert len(fake.requests) == 2
    assert len(request_ids(fake)) == 1


def test_waits_as_long_as_the_server_asks(make, fake):
    fake.answer("AddJob", Refuse(grpc.StatusCode.UNAVAILABLE, "later", "DRAINING", 0.3), DONE)
    began = time.monotonic()
    make(fake.address).add_job("t")
    assert time.monotonic() - began >= 0.3


def test_tells_what_the_server_said_when_it_gives_up(make, fake):
    fake.answer("AddJob", AWAY)
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        make(fake.address, timeout=0.5).add_job("t")
    assert time.monotonic() - began < 5
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "NO_LEADER")
    assert 'answered nothing better than "no leader yet" to' in str(caught.value)
    assert "within 0.5 s (is the server up there? LEASEHOLD_SERVER" in str(caught.value)


def test_gives_up_where_nobody_listens(make):
    with pytest.raises(Unavailable, match="127.0.0.1:1 answered nothing better"):
        make("127.0.0.1:1", timeout=0.3).add_job("t")


def test_tries_another_address_and_stays_with_it(make, fake):
    fake.answer("AddJob", AWAY)
    other = FakeServer()
    other.answer("AddJob", DONE)
    try:
        client = make(f"{fake.address}, {other.address}")
        for _ in range(3):
            assert client.add_job("t") == "7"
    finally:
        other.stop()
    assert (len(fake.requests), len(other.requests)) == (1, 3)


def test_closes_the_channels_that_could_not_connect(monkeypatch):
    made, closed = [], []

    class Watched(_calls._Server):
        def __init__(self, address):
            super().__init__(address)
            made.append(self)

        def close(self):
            closed.append(self)
            super().close()

    monkeypatch.setattr(_calls, "_Server", Watched)
    with Client("127.0.0.1:1", timeout=0.5) as client:
        with pytest.raises(Unavailable):
            client.add_job("t")
    assert len(made) > 1
    assert sorted(map(id, closed)) == sorted(map(id, made))


def test_passes_over_an_address_where_nobody_listens(make, fake):
    fake.answer("AddJob", DONE)
    assert make(f"127.0.0.1:1, {fake.address}").add_job("t") == "7"


def test_finds_a_server_that_comes_back(make, fake):
    fake.answer("AddJob", DONE)
    client = make(fake.address, timeout=PATIENCE)
    client.add_job("t")
    fake.stop()
    with pytest.raises(Unavailable):
        make(fake.address, timeout=0.2).add_job("t")
    again = FakeServer(fake.address)
    again.answer("AddJob", DONE)
    try:
        assert client.add_job("t") == "7"
    finally:
        again.stop()


def test_names_the_violations_that_the_message_does_not(make, fake):
    fake.answer("AddJob", Refuse(
        grpc.StatusCode.INVALID_ARGUMENT, "job.task: must not be empty", "INVALID_REQUEST",
        violations=[("job.task", "must not be empty"), ("job.key", "is too long")]))
    with pytest.raises(InvalidRequest) as caught:
        make(fake.address).add_job("t")
    assert str(caught.value) == (
        "INVALID_REQUEST: job.task: must not be empty (job.key: is too long)")
    assert caught.value.violations == [
        ("job.task", "must not be empty"), ("job.key", "is too long")]


# --- Attempts: time and chance are numbers ---

LATER = make_error("away", "UNAVAILABLE", "NO_LEADER")


def test_gives_an_attempt_half_of_what_is_left():
    attempts = Attempts(addresses=1, timeout=10, now=100)
    assert attempts.next_timeout(100) == 5
    assert attempts.next_timeout(106) == 2
    assert attempts.next_timeout(109) == 1
    assert attempts.next_timeout(109.5) == 0.5
    assert Attempts(addresses=2, timeout=60, now=0).next_timeout(0) == 5


def test_waits_a_random_part_of_a_bound_that_doubles_up_to_a_second():
    attempts = Attempts(addresses=1, timeout=100, now=0)
    waits = [attempts.failed(LATER, "a", 0, 0.5) for _ in range(8)]
    assert waits == pytest.approx([0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.5, 0.5])
    asked = make_error("away", "UNAVAILABLE", retry_after=3.0)
    assert attempts.failed(asked, "a", 0, 0) == 3


def test_gives_up_before_a_wait_that_would_end_too_late():
    attempts = Attempts(addresses=1, timeout=10, now=0)
    timeout = make_error("deadline", "DEADLINE_EXCEEDED")
    assert attempts.failed(LATER, "a", 5, 0) == 0
    with pytest.raises(Unavailable, match='nothing better than "away"'):
        attempts.failed(timeout, "a", 9.999, 0.9)


# --- Crons ---

CRON = admin.PutCronResponse(cron=cron_pb2.Cron(
    spec=cron_pb2.CronSpec(identifier="nightly", schedule="0 4 * * *", task="report",
                           payload='{"a":1}', time_zone="Europe/Berlin", priority=3),
    source="", paused=False))


def test_puts_a_cron(make, fake):
    CRON.cron.known_since.seconds = 1_700_000_000
    CRON.cron.next_run.seconds = 1_700_000_400
    fake.answer("PutCron", CRON)
    cron = make(fake.address).put_cron(CronSpec(
        "0 4 * * *", "report", {"a": 1}, identifier="nightly", time_zone="Europe/Berlin",
        fill=timedelta(hours=1), queue_name="q", job_key="k", job_key_mode="preserve_run_at",
        priority=3, max_attempts=2, flags=["f"]))
    (request,) = fake.requests
    spec = request.spec
    assert (spec.schedule, spec.task, spec.payload) == ("0 4 * * *", "report", '{"a":1}')
    assert (spec.identifier, spec.time_zone, spec.fill.seconds) == (
        "nightly", "Europe/Berlin", 3600)
    assert (spec.queue_name, spec.key, spec.if_exists) == ("q", "k", 2)
    assert (spec.priority, spec.max_attempts, list(spec.flags)) == (3, 2, ["f"])
    assert (cron.identifier, cron.paused, cron.last_run) == ("nightly", False, None)
    assert cron.spec.payload == JsonText('{"a":1}')
    assert cron.next_run.timestamp() == 1_700_000_400


@pytest.mark.parametrize("spec", [
    CronSpec("0 4 * * *", 7), CronSpec(None, "report"), CronSpec("0 4 * * *", "half \ud800"),
    CronSpec("0 4 * * *", "report", "half \ud800"), CronSpec("0 4 * * *", "report", priority="x"),
    CronSpec("0 4 * * *", "report", flags=[7]), CronSpec("0 4 * * *", "report", {1, 2}), "report"])
def test_refuses_a_cron_that_no_message_can_carry(make, fake, spec):
    with pytest.raises(InvalidRequest):
        make(fake.address).put_cron(spec)
    assert fake.requests == []


def test_lists_all_crons_over_the_pages(make, fake):
    fake.answer("ListCrons", admin.ListCronsResponse(crons=[CRON.cron], next_page_token="2"),
                admin.ListCronsResponse(crons=[CRON.cron]))
    assert len(make(fake.address).list_crons()) == 2
    assert [request.page_token for request in fake.requests] == ["", "2"]


def test_pauses_resumes_runs_and_removes_crons(make, fake):
    fake.answer("PauseCron", admin.PauseCronResponse(cron=CRON.cron))
    fake.answer("ResumeCron", admin.ResumeCronResponse(cron=CRON.cron))
    fake.answer("RunCron", admin.RunCronResponse(job_id="9"))
    fake.answer("RemoveCron", admin.RemoveCronResponse())
    client = make(fake.address)
    assert client.pause_cron("nightly").identifier == "nightly"
    assert client.resume_cron("nightly").identifier == "nightly"
    assert client.run_cron("nightly") == "9"
    assert client.remove_cron("nightly") is None
    assert {request.identifier for request in fake.requests} == {"nightly"}


def test_applies_a_crontab(make, fake):
    fake.answer("ApplyCrontab", admin.ApplyCrontabResponse(crons=[CRON.cron], removed=["old"]))
    applied = make(fake.address).apply_crontab("0 4 * * * report\n", "mine")
    assert ([cron.identifier for cron in applied.crons], applied.removed) == (["nightly"], ["old"])
    assert (fake.requests[0].crontab, fake.requests[0].name) == ("0 4 * * * report\n", "mine")
