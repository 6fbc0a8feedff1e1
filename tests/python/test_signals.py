"""SIGTERM and SIGINT while an executor runs; the whole of it is in test_session_process.py."""
import multiprocessing
import os
import signal
import threading

import pytest
from server_fixture import PATIENCE, wait_until

from leasehold import Executor
from leasehold._signals import SignalWatch


def test_calls_although_the_main_thread_does_not_look():
    """It waits in a system call that the signal does not interrupt."""
    called = threading.Event()
    incoming, outgoing = os.pipe()
    try:
        with SignalWatch(lambda: (called.set(), os.write(outgoing, b"x"))):
            # To another thread: what a signal does that comes just before the main one waits.
            waiting = threading.Event()
            other = threading.Thread(target=waiting.wait, args=(PATIENCE,))
            other.start()
            late = threading.Timer(10, os.write, (outgoing, b"late"))
            late.start()
            signal.pthread_kill(other.ident, signal.SIGTERM)
            assert os.read(incoming, 1) == b"x"
            late.cancel()
            waiting.set()
            other.join(PATIENCE)
        assert called.is_set()
    finally:
        os.close(incoming)
        os.close(outgoing)


def test_puts_back_what_was_there():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    wake_up = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wake_up)
    threads = set(threading.enumerate())
    with SignalWatch(lambda: None):
        assert signal.getsignal(signal.SIGTERM) not in before
        os.kill(os.getpid(), signal.SIGTERM)
        wait_until(lambda: signal.getsignal(signal.SIGINT) is signal.SIG_DFL, "the handler")
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)] == before
    assert signal.set_wakeup_fd(wake_up) == wake_up
    wait_until(lambda: set(threading.enumerate()) <= threads, "its thread to end")


def test_leaves_a_signal_alone_that_is_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with SignalWatch(lambda: pytest.fail("it was called")):
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_does_nothing_on_another_thread():
    seen = []

    def run():
        with SignalWatch(lambda: None):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE)
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_gives_a_forked_process_what_was_there_before():
    incoming, outgoing = os.pipe()
    called = threading.Event()
    wake_up = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wake_up)

    def fork():
        """On another thread, as handlers do."""
        child = os.fork()
        if child == 0:
            own = signal.set_wakeup_fd(-1) == -1
            handlers = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            mask = not signal.pthread_sigmask(signal.SIG_BLOCK, [])
            closed = not any(is_open(fd) for fd in pipe)
            os.write(outgoing, bytes([own, handlers, mask, closed]))
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        pids.append(child)

    pids = []
    try:
        with SignalWatch(called.set) as watch:
            pipe = watch._incoming, watch._outgoing
            thread = threading.Thread(target=fork)
            thread.start()
            thread.join(PATIENCE)
            assert list(os.read(incoming, 4)) == [True, True, True, True]
            assert os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1]) == -signal.SIGTERM
            assert not called.is_set()
            assert signal.getsignal(signal.SIGTERM) == watch._let_the_next_one_kill
            os.kill(os.getpid(), signal.SIGTERM)
            assert called.wait(PATIENCE)
    finally:
        os.close(incoming)
        os.close(outgoing)


def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def double(number):
    return 2 * number


@pytest.mark.parametrize("session", ["process", "thread"])
def test_lets_handlers_end_processes_that_they_forked(server, client, task, session):
    """Their SIGTERM is no signal to the executor."""
    executor = Executor(server.address, concurrency=2, session=session)
    fork = multiprocessing.get_context("fork")
    seen = []

    @executor.task(task)
    def handle(payload, ctx):
        if payload == "last":
            executor.stop()
            return
        with fork.Pool(2) as pool:
            seen.append(pool.map(double, [1, 2, 3]))
            pool.terminate()
            pool.join()
        sleeper = fork.Process(target=signal.pause)
        sleeper.start()
        sleeper.terminate()
        sleeper.join(PATIENCE)
        seen.append((sleeper.exitcode, ctx.cancelled.is_set()))
        client.add_job(task, "last")

    client.add_job(task, "first")
    # On the main thread: it watches the signals.
    executor.run()
    assert seen == [[2, 4, 6], (-signal.SIGTERM, False)]
    assert client.list_jobs(task=task).jobs == []
