"""SIGTERM and SIGINT while an executor runs."""
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Callable, Dict, Optional, Type

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class SignalWatch:
    """The first SIGTERM or SIGINT calls `on_signal`; a second one ends the process at once, even
    where a handler holds the interpreter. Afterwards what was there before is put back.

    On another thread than the main one it does nothing: there Python lets nobody take signals.
    """

    def __init__(self, on_signal: Callable[[], None]) -> None:
        self._on_signal = on_signal
        self._before: Dict[signal.Signals, Any] = {}

    def __enter__(self) -> "SignalWatch":
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                before = signal.getsignal(number)
                # A shell lets background commands ignore SIGINT: so be it.
                if before is not signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._on)
        return self

    def _on(self, number: int, frame: Optional[FrameType]) -> None:
        for each in self._before:
            signal.signal(each, signal.SIG_DFL)
        self._on_signal()

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        for number, before in self._before.items():
            # None: it was not set from Python, and cannot be put back from there.
            signal.signal(number, before if before is not None else signal.SIG_DFL)
