"""SIGTERM and SIGINT while an executor runs; the whole of it is in test_session_process.py."""
import os
import signal
import threading

import pytest
from server_fixture import PATIENCE, wait_until

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
