"""That an executor stores its crontab before its session."""
import grpc
import pytest
from fake_server import Refuse

from leasehold import Error, Executor, InvalidRequest
from leasehold._proto import admin_service_pb2 as admin

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
