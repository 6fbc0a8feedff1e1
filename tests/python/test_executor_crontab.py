"""That an executor stores its crontab before its session."""
import threading

import grpc
import pytest
from fake_server import Refuse
from server_fixture import wait_until

from leasehold import Error, Executor, InvalidRequest, Unavailable
from leasehold._proto import admin_service_pb2 as admin

AWAY = Refuse(grpc.StatusCode.UNAVAILABLE, "no leader yet", "NO_LEADER", retry_seconds=0.01)
TEXT = "0 4 * * * report\n"


@pytest.mark.parametrize("kind", ["text", "file"])
def test_stores_its_crontab_before_the_first_job(fake, tmp_path, kind):
    fake.answer("ApplyCrontab", admin.ApplyCrontabResponse())
    path = tmp_path / "crontab"
    path.write_text(TEXT, encoding="utf-8")
    executor = Executor(fake.address, crontab=TEXT if kind == "text" else path,
                        crontab_name="mine")
    executor.task("report")(print)
    # This server has no sessions.
    with pytest.raises(Error) as caught:
        executor.run_once()
    assert caught.value.code == "UNIMPLEMENTED"
    (request,) = fake.requests
    assert (request.crontab, request.name) == (TEXT, "mine")


def test_does_not_run_with_a_crontab_that_the_server_refuses(fake):
    fake.answer("ApplyCrontab", Refuse(
        grpc.StatusCode.INVALID_ARGUMENT, "crontab: bad", "INVALID_REQUEST",
        violations=[("crontab", "line 1, column 3: 25 is no hour")]))
    executor = Executor(fake.address, crontab="0 25 * * * report\n")
    executor.task("report")(print)
    with pytest.raises(InvalidRequest, match="line 1, column 3: 25 is no hour"):
        executor.run()


def test_waits_for_a_server_to_store_its_crontab(fake, monkeypatch, caplog):
    monkeypatch.setattr("leasehold._crontab._TIMEOUT", 0.2)

    def answer(request, context):
        if "not stored yet" in caplog.text:
            return admin.ApplyCrontabResponse()
        return AWAY

    fake.answer("ApplyCrontab", answer)
    executor = Executor(fake.address, crontab=TEXT)
    executor.task("report")(print)
    with pytest.raises(Error) as caught:
        executor.run_once()
    assert caught.value.code == "UNIMPLEMENTED"


def test_gives_up_to_store_its_crontab_as_it_gives_up_its_session(fake):
    fake.answer("ApplyCrontab", AWAY)
    executor = Executor(fake.address, crontab=TEXT, give_up_after=0.3)
    executor.task("report")(print)
    with pytest.raises(Unavailable, match="no leader yet"):
        executor.run()


def test_can_be_stopped_while_no_server_stores_its_crontab(fake):
    fake.answer("ApplyCrontab", AWAY)
    executor = Executor(fake.address, crontab=TEXT)
    executor.task("report")(print)
    thread = threading.Thread(target=executor.run, daemon=True)
    thread.start()
    wait_until(lambda: fake.requests, "the first try")
    executor.stop()
    thread.join(5)
    assert not thread.is_alive()
