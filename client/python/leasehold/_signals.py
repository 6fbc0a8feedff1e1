"""SIGTERM and SIGINT while an executor runs."""
import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Callable, Dict, List, Optional, Type

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class SignalWatch:
    """The first SIGTERM or SIGINT calls `on_signal` on a thread of its own; a second one ends the
    process at once. Afterwards what was there before is put back.

    On another thread than the main one it does nothing: there Python lets nobody take signals.
    Nor is it there in a process that a handler forks: signals do to it what they did before.
    """

    # Python runs signal handlers on the main thread alone, which waits for the session: a signal
    # that comes just before it begins to wait would not wake it. So a thread waits for the byte
    # that Python writes at once. The handler sees to a second signal: from then on the kernel
    # ends the process, even where a job's handler holds the interpreter.

    def __init__(self, on_signal: Callable[[], None]) -> None:
        self._on_signal = on_signal
        self._before: Dict[signal.Signals, Any] = {}
        self._incoming = self._outgoing = self._wake_up_before = -1

    def __enter__(self) -> "SignalWatch":
        if threading.current_thread() is not threading.main_thread():
            return self
        self._incoming, self._outgoing = os.pipe()
        os.set_blocking(self._outgoing, False)
        _watches.append(self)
        self._wake_up_before = signal.set_wakeup_fd(self._outgoing, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="leasehold-signals", daemon=True).start()
        for number in _SIGNALS:
            before = signal.getsignal(number)
            # A shell lets background commands ignore SIGINT: so be it.
            if before is not signal.SIG_IGN:
                self._before[number] = before
                signal.signal(number, self._let_the_next_one_kill)
        return self

    def _let_the_next_one_kill(self, number: int, frame: Optional[FrameType]) -> None:
        for each in self._before:
            signal.signal(each, signal.SIG_DFL)

    def _watch(self) -> None:
        signalled = False
        while True:
            number = os.read(self._incoming, 1)
            if not number:
                break
            if number[0] not in _SIGNALS:
                continue
            if signalled:
                # The main thread has not come to its handler yet.
                os._exit(128 + number[0])
            signalled = True
            self._on_signal()
        os.close(self._incoming)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._outgoing < 0:
            return
        self._put_back_handlers()
        signal.set_wakeup_fd(self._wake_up_before, warn_on_full_buffer=False)
        # First: a process forked in between must not close it twice.
        _watches.remove(self)
        os.close(self._outgoing)

    def _put_back_handlers(self) -> None:
        for number, before in self._before.items():
            # None: it was not set from Python, and cannot be put back from there.
            signal.signal(number, before if before is not None else signal.SIG_DFL)

    def _leave_fork(self) -> None:
        """In a forked process, which has copies of the handlers and of the pipe, but no thread
        that reads it: what is written there, the parent takes for a signal to itself.
        """
        self._put_back_handlers()
        os.close(self._incoming)
        os.close(self._outgoing)
        self._incoming = self._outgoing = -1


# --- Forks ---

# Those under way, the innermost last.
_watches: List[SignalWatch] = []
_forking = threading.local()


def _before_fork() -> None:
    # A signal that the child gets at once waits until it has left the watch.
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if _watches else None


def _after_fork_in_parent() -> None:
    if _forking.mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _after_fork_in_child() -> None:
    if _watches:
        signal.set_wakeup_fd(-1)
    while _watches:
        _watches.pop()._leave_fork()
    _after_fork_in_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
