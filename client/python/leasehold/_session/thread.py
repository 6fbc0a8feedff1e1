"""The session in the handlers' own process, for programs that may start no other one.

It lives on the thread that serves it: a handler that holds the interpreter for the server's
session timeout loses the session.
"""
from typing import Callable, List, Sequence, Tuple

from leasehold._session.loop import Handlers, SessionLoop
from leasehold._session.types import FinishedJob, SessionOptions


class SessionThread:
    """The same as SessionProcess."""

    def __init__(
        self,
        options: SessionOptions,
        collect: Callable[[], Tuple[List[int], List[FinishedJob]]],
        handlers: Handlers,
    ) -> None:
        self._collect = collect
        self._loop = SessionLoop(options, handlers)

    def serve(self, _: Handlers) -> bool:
        self._loop.run()
        return True

    def may_start(self) -> bool:
        return True

    def on_news(self) -> None:
        self._loop.on_news(self._collect)

    def on_withdrawn(self, handles: Sequence[int]) -> None:
        self._loop.on_withdrawn(handles)

    def stop(self) -> None:
        self._loop.stop()

    def set_tasks(self, tasks: List[str]) -> None:
        self._loop.set_tasks(tasks)

    def close(self) -> int:
        return 0
