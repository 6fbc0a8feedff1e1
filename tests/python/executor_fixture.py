"""Producers and executors of the shared server."""
import threading

import pytest
from server_fixture import PATIENCE

from leasehold import Client, Executor


@pytest.fixture(name="client")
def make_client(server):
    with Client(server.address) as client:
        yield client


@pytest.fixture(name="executor", params=["process", "thread"])
def make_executor(request, server):
    return Executor(server.address, name="tester", concurrency=2, session=request.param)


class Running:
    """An executor on a thread of its own."""

    def __init__(self, executor):
        self.executor = executor
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.executor.run()
        except Exception as error:
            self.error = error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.executor.stop()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the executor does not end"
