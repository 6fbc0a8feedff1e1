"""That the examples do what they say, each as a program of its own."""
import os
import signal
import subprocess
import sys

import pytest
from server_fixture import PATIENCE, ROOT, Server, wait_until

from leasehold import Client, JobState

EXAMPLES = os.path.join(ROOT, "client", "python", "examples")


class Example:
    def __init__(self, name, address, directory):
        self.path = os.path.join(directory, name + ".out")
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-u", os.path.join(EXAMPLES, name)], stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env={**os.environ, "LEASEHOLD_SERVER": address})

    def said(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def await_line(self, text):
        wait_until(lambda: text in self.said() or self.process.poll() is not None,
                   f"{text!r} from {self.path}")
        assert text in self.said(), self.said()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.said()

    def end(self):
        assert self.process.wait(PATIENCE) == 0, self.said()
        return self.said()


@pytest.fixture(scope="module", name="example_server")
def make_example_server(tmp_path_factory):
    """The examples share names of tasks: they have a server of their own."""
    server = Server(str(tmp_path_factory.mktemp("examples")))
    yield server
    server.stop()


@pytest.fixture(name="start")
def make_start(example_server, tmp_path):
    running = []

    def start(name):
        running.append(Example(name, example_server.address, tmp_path))
        return running[-1]

    yield start
    for example in running:
        if example.process.poll() is None:
            example.process.kill()
            example.process.wait()


@pytest.fixture(name="example_client")
def make_example_client(example_server):
    with Client(example_server.address) as client:
        yield client


def test_hello_and_a_producer(start, example_client):
    hello = start("hello.py")
    said = start("add_jobs.py").end()
    assert "added 1\n" in said
    assert "a reindex waits already\n" in said
    # print() writes word by word, and two handlers may do so at once.
    for name in ("you", "Ada", "Grace", "Edsger"):
        hello.await_line(name)
    hello.stop()
    assert "tomorrow" not in hello.said()
    (charge,) = example_client.list_jobs(task="charge").jobs
    assert (charge.queue_name, charge.max_attempts) == ("account-7", 5)


def test_retries(start, example_client):
    bad = example_client.add_job("charge", {"cents": 0})
    good = example_client.add_job("charge", {"cents": 99})
    retries = start("retries.py")
    retries.await_line(f"a receipt of job {good}\n")
    retries.stop()
    assert "charged 99 cents, as number" in retries.said()
    assert f"job {bad} (charge, attempt 1): failed: nothing to charge" in retries.said()
    assert example_client.get_job(bad).state is JobState.FAILED


def test_coroutines_and_a_producer_with_asyncio(start):
    coroutines = start("coroutines.py")
    assert start("add_jobs_async.py").end() == "added 3\n"
    for page in range(6):
        coroutines.await_line(f"fetched page {page}\n")
    coroutines.stop()


def test_batches(start):
    assert start("batches.py").end().splitlines() == [
        "notified ada@example.org", "notified grace@example.org",
        "['nobody'] is left: 1 of 3 items failed: 1: nobody is no address"]


def test_cancellation(start, example_client):
    job_id = example_client.add_job("render", {"frames": 1_000_000})
    render = start("cancellation.py")
    render.await_line("frame 1\n")
    render.stop()
    assert "interrupted: the executor is stopping\n" in render.said()
    job = example_client.get_job(job_id)
    assert (job.attempts, job.last_error) == (0, "")


def test_crons(start):
    said = start("crons.py").end()
    assert "report\n" in said
    for name in ("nightly", "refresh", "report"):
        assert f"{name} runs next at 20" in said
