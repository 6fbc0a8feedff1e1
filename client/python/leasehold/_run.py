"""One run of an executor: its session and its handlers, together."""
import dataclasses
import logging
import threading
from typing import List, Optional, Sequence, Union

from leasehold._handlers import HandlerTable
from leasehold._pool import HandlerPool
from leasehold._proto.executor_service_pb2 import LeasedJob
from leasehold._session.loop import Handlers
from leasehold._session.process import SessionProcess
from leasehold._session.thread import SessionThread
from leasehold._session.types import SessionOptions, Status, WriteLog
from leasehold.context import JobLogger
from leasehold.errors import SessionLost

_log = logging.getLogger("leasehold")

# Of session processes in a row that die before they have run a job.
_MOST_DEATHS = 3


class Run(Handlers):
    """serve() belongs to one thread, stop() and set_tasks() to any."""

    def __init__(self, options: SessionOptions, handlers: HandlerTable, in_process: bool) -> None:
        self._options = options
        self._in_process = in_process
        self._pool = HandlerPool(
            options.concurrency,
            handlers.is_async,
            handlers.run,
            handlers.run_async,
            on_news=self._on_news,
            may_start=self._may_start,
        )
        self._lock = threading.Lock()
        self._session: Union[SessionProcess, SessionThread] = self._open()
        self._stopping = False
        self._status: Optional[Status] = None
        self._last_handle = 0
        self._deaths = 0

    def serve(self) -> Status:
        """How the session ended. SessionLost: its process cannot be kept alive."""
        try:
            # From now on the session is told of what happens.
            self._session.on_news()
            while not self._session.serve(self):
                self._replace(self._session.close())
        finally:
            self._pool.close()
            self._session.close()
        assert self._status is not None
        return self._status

    def stop(self) -> None:
        # No lock: signal handlers call it, and may have interrupted whoever holds it.
        self._stopping = True
        self._session.stop()

    def set_tasks(self, tasks: List[str]) -> None:
        with self._lock:
            self._options = dataclasses.replace(
                self._options, tasks=tasks or self._options.tasks, paused=not tasks
            )
            self._session.set_tasks(tasks)

    @property
    def session_pid(self) -> Optional[int]:
        session = self._session
        return session.pid if isinstance(session, SessionProcess) else None

    def _open(self) -> Union[SessionProcess, SessionThread]:
        if self._in_process:
            return SessionThread(self._options, self._pool.collect, self)
        return SessionProcess(self._options, self._pool.collect)

    def _replace(self, exit_status: int) -> None:
        """The session's process has died, and with it all leases."""
        what = f"the session's process ended with {exit_status}"
        self._pool.lose_all(what)
        self._deaths += 1
        if self._stopping or self._deaths >= _MOST_DEATHS:
            raise SessionLost(
                f"{what}; the jobs it held run again after the server's resume timeout (if this "
                'program may have no process beside it, Executor(session="thread") does without)'
            )
        _log.error("%s: its jobs are lost, a new session begins", what)
        with self._lock:
            self._options = dataclasses.replace(
                self._options,
                first_handle=self._last_handle + 1,
                occupied=self._pool.unreported(),
            )
            self._session = self._open()
        if self._stopping:
            self._session.stop()
        # What handlers of the old one report is logged there as lost.
        self._session.on_news()

    # --- From the handlers ---

    def _on_news(self) -> None:
        self._session.on_news()

    def _may_start(self) -> bool:
        return self._session.may_start()

    # --- From the session ---

    def run(self, handles: List[int], jobs: List[LeasedJob], announced: bool) -> None:
        if handles:
            self._last_handle = handles[-1]
            self._deaths = 0
        self._pool.run(handles, jobs, announced)

    def withdraw(self, handles: Sequence[int]) -> None:
        self._session.on_withdrawn(self._pool.withdraw(handles))

    def cancel(self, handles: Sequence[int], reason: str) -> None:
        self._pool.cancel(handles, reason)

    def log(self, entry: WriteLog) -> None:
        if entry.job_id:
            JobLogger(entry.job_id, entry.task, entry.attempt).log(entry.level, entry.message)
        else:
            _log.log(entry.level, "%s", entry.message)

    def end(self, status: Status) -> None:
        self._status = status
