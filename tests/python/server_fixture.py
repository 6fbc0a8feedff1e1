"""A real server for tests: leasehold-server --ephemeral."""
import os
import signal
import subprocess
import time
import uuid

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SERVER = os.environ.get("LEASEHOLD_SERVER_BINARY") or os.path.join(ROOT, "bin/leasehold-server")
# For what should happen at once, on a busy machine.
PATIENCE = 30.0


def wait_until(condition, what, patience=PATIENCE):
    """Looks every 5 ms: not all that a test waits for tells of itself. Returns what it saw."""
    end = time.monotonic() + patience
    while True:
        seen = condition()
        if seen:
            return seen
        assert time.monotonic() < end, f"waited {patience} s in vain: {what}"
        select_nothing(0.005)


def select_nothing(seconds):
    signal.sigtimedwait([], seconds)


class Server:
    """`listen` is where it serves; port 0 takes any free one."""

    def __init__(self, directory, flags=(), listen="127.0.0.1:0"):
        self.log = os.path.join(directory, f"server-{uuid.uuid4()}.log")
        ready = os.path.join(directory, f"ready-{uuid.uuid4()}")
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("LEASEHOLD_")}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [SERVER, "--ephemeral", "--listen", listen, "--admin-listen", "127.0.0.1:0",
                 "--ready-file", ready, *flags], stderr=log, stdin=subprocess.DEVNULL,
                env=environment)
        wait_until(lambda: os.path.exists(ready) or self.process.poll() is not None, "no server")
        assert self.process.poll() is None, self.said()
        with open(ready, encoding="utf-8") as file:
            values = dict(line.split("=", 1) for line in file.read().splitlines())
        self.address = values["LEASEHOLD_SERVER"]

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(PATIENCE)


def start(tmp_path_factory, *flags):
    """For a fixture: a server, stopped at the end."""
    server = Server(str(tmp_path_factory.mktemp("server")), flags)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session", name="server")
def make_server(tmp_path_factory):
    """Shared by tests, each of which has tasks of its own."""
    yield from start(tmp_path_factory)


@pytest.fixture(scope="session", name="impatient_server")
def make_impatient_server(tmp_path_factory):
    """Executors are lost after 1.5 s of silence, and their jobs run again at once."""
    yield from start(
        tmp_path_factory, "--heartbeat-interval", "500ms", "--session-timeout", "1500ms",
        "--resume-timeout", "1s", "--receipt-timeout", "1s", "--sweep-interval", "100ms",
        "--recovery-delay", "0s")


@pytest.fixture(name="task")
def make_task():
    """The name of a task that no other test has."""
    return f"task-{uuid.uuid4()}"
