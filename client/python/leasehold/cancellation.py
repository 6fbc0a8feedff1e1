"""How a handler learns that its attempt should end."""
import asyncio
import threading
from typing import Callable, List, Optional

_lock = threading.Lock()


class Cancellation:
    """Set once the attempt should end soon: the lease is lost (its result will not count),
    somebody asked for it, or the executor stops (return within its grace period).

    Used as a threading.Event is; from any thread.
    """

    __slots__ = ("_reason", "_callbacks")

    def __init__(self) -> None:
        self._reason: Optional[str] = None
        self._callbacks: List[Callable[[], object]] = []

    def is_set(self) -> bool:
        return self._reason is not None

    def __bool__(self) -> bool:
        return self._reason is not None

    @property
    def reason(self) -> str:
        """Why; empty while it is not set."""
        return self._reason or ""

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Waits until it is set, at most `timeout` seconds; returns whether it is."""
        if self._reason is None:
            event = threading.Event()
            self._call_when_set(event.set)
            event.wait(timeout)
            self._forget(event.set)
        return self._reason is not None

    def _call_when_set(self, callback: Callable[[], object]) -> None:
        with _lock:
            if self._reason is None:
                self._callbacks.append(callback)
                return
        callback()

    def _forget(self, callback: Callable[[], object]) -> None:
        with _lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def _set(self, reason: str) -> None:
        with _lock:
            if self._reason is not None:
                return
            self._reason = reason
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class AsyncCancellation:
    """The same for handlers that are coroutines: wait() is one, too."""

    __slots__ = ("_cancellation",)

    def __init__(self, cancellation: Cancellation) -> None:
        self._cancellation = cancellation

    def is_set(self) -> bool:
        return self._cancellation.is_set()

    def __bool__(self) -> bool:
        return self._cancellation.is_set()

    @property
    def reason(self) -> str:
        """Why; empty while it is not set."""
        return self._cancellation.reason

    async def wait(self) -> bool:
        """Returns when it is set; asyncio.wait_for() and asyncio.wait() bound the wait."""
        loop = asyncio.get_running_loop()
        event = asyncio.Event()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:
                pass  # the loop is closed: nobody waits

        self._cancellation._call_when_set(wake)
        try:
            await event.wait()
        finally:
            self._cancellation._forget(wake)
        return True
