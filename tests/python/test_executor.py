"""Executors against a real server."""
import pytest

from leasehold import Client, Executor, InvalidRequest, JobState


@pytest.fixture(name="client")
def make_client(server):
    with Client(server.address) as client:
        yield client


@pytest.fixture(name="executor", params=["process", "thread"])
def make_executor(request, server):
    return Executor(server.address, concurrency=2, session=request.param)


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


def test_fails_an_attempt_with_the_text_of_what_its_handler_raised(client, executor, task):
    @executor.task(task)
    def handle(payload):
        raise ValueError(payload)

    job_id = client.add_job(task, "no luck")
    executor.run_once()
    job = client.get_job(job_id)
    assert (job.last_error, job.attempts, job.state) == ("no luck", 1, JobState.SCHEDULED)


def test_refuses_to_run_without_a_handler(executor):
    with pytest.raises(InvalidRequest, match="no handler"):
        executor.run_once()
