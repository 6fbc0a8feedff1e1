"""The session's own process: what it survives, and how it ends."""
import ctypes
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from executor_fixture import Running
from server_fixture import PATIENCE, wait_until

from leasehold import Client, Executor, NewJob, SessionLost, ShutdownIncomplete


def hold_interpreter(seconds):
    """Nothing else runs in this process meanwhile: PyDLL keeps the interpreter's lock."""
    began = time.monotonic()
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))
    assert time.monotonic() - began >= seconds


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]


class Program:
    """A Python program of its own, on the server: `source` may await_file(), and finds its task
    in TASK.
    """

    def __init__(self, server, task, source, directory, arguments=("-c",)):
        prelude = f"TASK = {task!r}\n"
        environment = {**os.environ, "LEASEHOLD_SERVER": server.address}
        self.process = subprocess.Popen(
            [sys.executable, *arguments, prelude + textwrap.dedent(source)], cwd=directory,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self):
        """The next line that it prints."""
        late = threading.Timer(PATIENCE, self.process.kill)
        late.start()
        try:
            return self.process.stdout.readline().rstrip("\n")
        finally:
            late.cancel()

    def status(self):
        return self.process.wait(PATIENCE)


WAITS = """
    import threading
    from leasehold import Executor
    executor = Executor(concurrency=2)
    @executor.task(TASK)
    def handle(payload, ctx):
        print("began", flush=True)
        ctx.cancelled.wait()
        print("cancelled:", ctx.cancelled.reason, flush=True)
    executor.run()
    print("left", flush=True)
"""


# The handler holds the interpreter more than twice as long as the server waits for a sign of life.
@pytest.mark.parametrize("session, lost", [("process", False), ("thread", True)])
def test_keeps_the_session_while_a_handler_holds_the_interpreter(
        impatient_server, task, caplog, session, lost):
    caplog.set_level(logging.DEBUG, logger="leasehold")
    executor = Executor(impatient_server.address, concurrency=1, session=session)
    attempts = []

    @executor.task(task)
    def handle(payload, ctx):
        attempts.append(ctx.fencing_number)
        if len(attempts) == 1:
            hold_interpreter(3.5)

    with Client(impatient_server.address) as client:
        client.add_job(task)
        executor.run_once()
    assert len(attempts) == (2 if lost else 1)
    assert any("does not count" in record.getMessage() for record in caplog.records) == lost


# Ends the leases of an executor, whose jobs may run again at once.
UNLOCK = """
import sys
from leasehold import Client
from leasehold._calls import Call
from leasehold._proto.admin_service_pb2 import ForceUnlockRequest
request = ForceUnlockRequest(executor_ids=[sys.argv[2]])
print(len(Client(sys.argv[1])._send(Call("ForceUnlock", request, lambda r: r.job_ids))))
"""


def test_starts_no_job_that_was_taken_back_while_a_handler_held_the_interpreter(
        server, client, task):
    """They wait in this process behind the one that holds it."""
    executor = Executor(server.address, concurrency=1, prefetch=20)
    ran, unlocked = [], []

    @executor.task(task)
    def handle(payload, ctx):
        ran.append(payload)
        if payload == "hold" and ran.count(payload) == 1:
            unlock = [sys.executable, "-c", UNLOCK, server.address,
                      client.get_job(ctx.job.id).locked_by]
            with subprocess.Popen(unlock, stdout=subprocess.PIPE) as unlocker:
                hold_interpreter(2.5)
                unlocked.append(int(unlocker.communicate(timeout=PATIENCE)[0]))

    # Enough of them before, so that the session hands jobs on before their handler is free.
    jobs = [NewJob(task, number) for number in range(200)] + [NewJob(task, "hold")]
    client.add_jobs(jobs + [NewJob(task, f"behind {number}") for number in range(5)])
    executor.run_once()
    assert unlocked == [6]
    assert sorted(ran[200:]) == [*(f"behind {n}" for n in range(5)), "hold", "hold"]


def test_begins_a_new_session_when_its_process_dies(server, client, task, caplog):
    executor = Executor(server.address, concurrency=2)
    began, reasons = threading.Semaphore(0), []

    @executor.task(task)
    def handle(payload, ctx):
        began.release()
        if payload == "wait":
            ctx.cancelled.wait(PATIENCE)
            reasons.append(ctx.cancelled.reason)

    with Running(executor) as running:
        client.add_job(task, "wait", max_attempts=1)
        assert began.acquire(timeout=PATIENCE)
        os.kill(executor._run.session_pid, signal.SIGKILL)
        wait_until(lambda: reasons, "the handler to be cancelled")
        client.add_job(task, "next")
        assert began.acquire(timeout=PATIENCE)
        executor.remove(task)
    assert running.error is None
    assert reasons == ["the session's process ended with -9"]
    assert "its jobs are lost, a new session begins" in caplog.text


def test_stays_paused_when_its_process_dies(server, client, task):
    executor = Executor(server.address, concurrency=2)
    ran = threading.Semaphore(0)
    executor.task(task)(lambda payload: ran.release())
    with Running(executor) as running:
        client.add_job(task)
        assert ran.acquire(timeout=PATIENCE)
        executor.remove(task)
        first = executor._run.session_pid
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: executor._run.session_pid != first, "a new session")
        assert executor._run._options.paused
    assert running.error is None


def test_says_so_when_its_process_cannot_live(server, task, monkeypatch):
    executor = Executor(server.address)
    executor.task(task)(print)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SessionLost, match='session="thread"'):
        executor.run()


@pytest.mark.parametrize("executable, frozen", [("/nowhere/python", False), ("", False),
                                                (sys.executable, True)])
def test_says_so_when_its_process_cannot_be_started(
        server, task, monkeypatch, executable, frozen):
    executor = Executor(server.address)
    executor.task(task)(print)
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    with pytest.raises(SessionLost, match='session="thread"'):
        executor.run()


def test_ends_with_the_program_that_is_killed(server, client, task, tmp_path):
    client.add_job(task)
    with Program(server, task, WAITS, tmp_path) as program:
        assert program.line() == "began"
        (session,) = children_of(program.process.pid)
        assert is_alive(session)
        program.process.kill()
        wait_until(lambda: not is_alive(session), "the session's process to end", 10)


def test_ends_with_the_program_although_a_fork_of_it_lives(server, client, task, tmp_path):
    """It holds the ends of the pipes."""
    client.add_job(task)
    source = WAITS.replace('print("began", flush=True)', """
        import os, signal
        fork = os.fork()
        if fork == 0:
            signal.pause()
            os._exit(0)
        print("began", fork, flush=True)""")
    with Program(server, task, source, tmp_path) as program:
        fork = int(program.line().split()[1])
        try:
            (session,) = set(children_of(program.process.pid)) - {fork}
            program.process.kill()
            wait_until(lambda: not is_alive(session), "the session's process to end", 10)
            assert is_alive(fork)
        finally:
            os.kill(fork, signal.SIGKILL)


def test_imports_nothing_of_the_programs_own(server, client, task, tmp_path):
    """Modules in its directory stand before the libraries in a program; not in the session."""
    for name in ("json", "random", "mmap", "selectors", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("import os; os.write(2, b'imported')\n")
    client.add_job(task, "only one")
    source = """
        import sys
        sys.path.remove("")
        from leasehold import Executor
        sys.path.insert(0, "")
        sys.path.insert(0, sys.argv[0] if False else ".")
        executor = Executor()
        executor.task(TASK)(lambda payload: print(payload, flush=True))
        executor.run_once()
    """
    with Program(server, task, source, tmp_path) as program:
        assert program.line() == "only one"
        assert program.status() == 0
        assert program.process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_at_the_first_signal(server, client, task, tmp_path, number):
    client.add_job(task)
    with Program(server, task, WAITS, tmp_path) as program:
        assert program.line() == "began"
        program.process.send_signal(number)
        assert program.line() == "cancelled: the executor is stopping"
        assert program.line() == "left"
        assert program.status() == 0


def test_stops_when_the_whole_group_gets_the_signal(server, client, task, tmp_path):
    """As by Ctrl-C, or by systemd: the session's process must not end with it."""
    client.add_job(task)
    with Program(server, task, WAITS, tmp_path) as program:
        assert program.line() == "began"
        (session,) = children_of(program.process.pid)
        os.kill(session, signal.SIGINT)
        os.kill(session, signal.SIGTERM)
        program.process.send_signal(signal.SIGINT)
        assert program.line() == "cancelled: the executor is stopping"
        assert program.line() == "left"
        assert program.status() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_exits_at_once_at_the_second_signal(server, client, task, tmp_path, number):
    client.add_job(task)
    source = WAITS.replace("ctx.cancelled.wait()", """ctx.cancelled.wait()
        print("stopping", flush=True)
        import ctypes
        ctypes.PyDLL(None).usleep(60_000_000)""")
    with Program(server, task, source, tmp_path) as program:
        assert program.line() == "began"
        (session,) = children_of(program.process.pid)
        program.process.send_signal(number)
        assert program.line() == "stopping"
        program.process.send_signal(number)
        assert program.process.wait(10) in (-number, 128 + number)
        wait_until(lambda: not is_alive(session), "the session's process to end", 10)


def test_gives_back_a_job_whose_handler_ignores_its_cancellation(server, client, task):
    executor = Executor(server.address, concurrency=1, grace_period=0.2,
                        interrupted_job_delay=3600)
    began, end = threading.Event(), threading.Event()

    @executor.task(task)
    def handle(payload):
        began.set()
        executor.stop()
        end.wait(PATIENCE)

    job_id = client.add_job(task)
    try:
        with pytest.raises(ShutdownIncomplete, match="1 handlers ignored their cancellation"):
            executor.run()
        assert began.is_set()
        job = client.get_job(job_id)
        assert (job.attempts, job.locked_by) == (0, "")
        assert (job.run_at - job.created_at).total_seconds() > 3300
    finally:
        end.set()
