"""Executor: leases jobs from the server and runs their handlers."""
import contextlib
import os
import socket
import threading
from datetime import timedelta
from typing import Any, Callable, List, Optional, Sequence, TypeVar, Union

from leasehold._channel import split_addresses
from leasehold._convert import timedelta_of
from leasehold._crontab import apply_crontab
from leasehold._handlers import Handler, HandlerTable
from leasehold._run import Run
from leasehold._session.types import NEVER, SessionOptions, Status
from leasehold._signals import SignalWatch
from leasehold.client import Client
from leasehold.errors import ShutdownIncomplete, invalid, make_error

# What the protocol allows.
_MAX_WINDOW = 100_000

Seconds = Union[timedelta, float]
F = TypeVar("F", bound=Callable[..., Any])


def _seconds(name: str, time: Seconds) -> float:
    try:
        seconds = timedelta_of(time).total_seconds()
    except (TypeError, ValueError) as error:
        raise invalid(name, str(error)) from error
    if seconds < 0:
        raise invalid(name, "must not be negative")
    return seconds


class Executor:
    """Runs jobs.

        executor = Executor()

        @executor.task("hello")
        def hello(payload):
            print("hello,", payload["name"])

        executor.run()

    Every job that reaches a handler has its result reported until the server has recorded it,
    over broken connections, restarts and changes of the leader. What cannot count any more (the
    lease was lost meanwhile) is logged, never dropped in silence.

    The session with the server lives in a small process of its own, so that a handler which
    holds the interpreter loses nothing; it ends with this one. Log lines go to the logger
    "leasehold".

    - `address`: host:port, several replicas separated by commas; by default LEASEHOLD_SERVER of
      the environment, or 127.0.0.1:7411.
    - `name`: for people; the server makes the executor's id of it. By default the host's name.
    - `concurrency`: handlers that run at once, plain ones and coroutines together; by default one
      for each logical CPU.
    - `prefetch`: jobs held ready beside the running ones. By default twice the concurrency, and
      more while short jobs would otherwise be waited for: at most what the handlers end within a
      second, and 8,000.
    - `forbidden_flags`: jobs with one of these are not leased. At most 64.
    - `grace_period`: after stop(), how long handlers have to end; then their jobs are given back.
    - `interrupted_job_delay`: before a job that was given back so may run again.
    - `record_timeout`: after the handlers, how long to wait until their results are recorded.
    - `give_up_after`: run() fails when no server has answered for this long; None: never.
    - `handle_signals`: SIGTERM and SIGINT call stop() while run() runs on the main thread; a
      second one ends the process at once. False: the program sees to it.
    - `crontab`: the text of a crontab, or the path of a file (a pathlib.Path), stored by
      Client.apply_crontab() under `crontab_name` before the first job; run() waits for a server
      to store it as for its session.
    - `session`: "process", or "thread" where no process may be started: then a handler must not
      hold the interpreter for the server's session timeout (30 s by default).

    Times are in seconds, or timedeltas. A bad value raises InvalidRequest.

    Threads: task(), batch_task(), remove() and stop() may be called from any thread at any time,
    run() and run_once() one at a time.
    """

    def __init__(
        self,
        address: Optional[str] = None,
        *,
        name: Optional[str] = None,
        concurrency: Optional[int] = None,
        prefetch: Optional[int] = None,
        forbidden_flags: Sequence[str] = (),
        grace_period: Seconds = 30.0,
        interrupted_job_delay: Seconds = 30.0,
        record_timeout: Seconds = 10.0,
        give_up_after: Optional[Seconds] = None,
        handle_signals: bool = True,
        crontab: Union[str, "os.PathLike[str]", None] = None,
        crontab_name: str = "",
        session: str = "process",
    ) -> None:
        if concurrency is not None and not 1 <= concurrency <= _MAX_WINDOW:
            raise invalid("concurrency", f"must be 1 to {_MAX_WINDOW}")
        if prefetch is not None and prefetch < 0:
            raise invalid("prefetch", "must not be negative")
        if session not in ("process", "thread"):
            raise invalid("session", 'must be "process" or "thread"')
        if isinstance(forbidden_flags, str):
            raise invalid("forbidden_flags", "is a text: give a list of them")
        if give_up_after is not None and _seconds("give_up_after", give_up_after) == 0:
            raise invalid("give_up_after", "must be more than 0; None: never")
        handlers = concurrency or os.cpu_count() or 1
        most_prefetched = _MAX_WINDOW - handlers
        self._options = SessionOptions(
            executor_name=name or socket.gethostname() or "executor",
            addresses=split_addresses(address),
            tasks=[],
            forbidden_flags=list(forbidden_flags),
            concurrency=handlers,
            prefetch=-1 if prefetch is None else min(prefetch, most_prefetched),
            grace_period=_seconds("grace_period", grace_period),
            interrupted_job_delay=_seconds("interrupted_job_delay", interrupted_job_delay),
            record_timeout=_seconds("record_timeout", record_timeout),
            give_up_after=(
                NEVER if give_up_after is None else _seconds("give_up_after", give_up_after)
            ),
        )
        self._handle_signals = handle_signals
        self._crontab = crontab
        self._crontab_name = crontab_name
        self._in_process = session == "thread"
        self._client = Client(",".join(self._options.addresses))
        self._handlers = HandlerTable(self._client)
        self._lock = threading.Lock()
        self._run: Optional[Run] = None
        self._stop = False

    # --- Handlers ---

    def task(self, name: str) -> Callable[[F], F]:
        """Decorates the handler of a task: def f(payload), def f(payload, ctx) or async def.

        `payload` is what json.loads() makes of the job's payload, `ctx` a JobContext (an
        AsyncJobContext for a coroutine). When the handler returns, whatever it returns, the job
        is complete. When it raises, the attempt has failed with the exception's text; Permanent,
        RetryAfter and Release say more. A later handler of the same task takes the place of the
        one before, from the next job on.
        """
        return self._decorator(name, batch=False)

    def batch_task(self, name: str) -> Callable[[F], F]:
        """The same for a task whose payloads are arrays: the handler gets the list of items and
        returns a list with one result for each: an exception for an item that failed, anything
        else for one that is complete (asyncio.gather(return_exceptions=True) gives such a list).
        Returning None completes all. If some failed, the job is tried again with those alone, by
        the rules of a job that failed:

        - Its error is "2 of 5 items failed: 1: no such file; 4: ...", counted from 0.
        - Of the delays that RetryAfter asks for, the longest takes the place of the back-off.
        - A Permanent item stays in the payload as long as others are tried again. When none but
          such are left, the job has failed for good, with them as its payload.
        - An item that is given back (Release) failed like others, unless all are.
        - Fail(..., payload=...) replaces the item for the next attempt.

        The payload stays as it is, and the attempt fails, when the handler raises, when its list
        is too short or too long, or when the payload is no array. An empty array is complete.
        """
        return self._decorator(name, batch=True)

    def remove(self, name: str) -> None:
        """From now on no jobs of the task are leased; those not started are given back."""
        self._handlers.remove(name)
        self._tell_tasks()

    def _decorator(self, name: str, batch: bool) -> Callable[[F], F]:
        if not isinstance(name, str):
            raise TypeError('name the task: @executor.task("name")')

        def decorate(function: F) -> F:
            self._handlers.set(name, Handler(name, function, batch))
            self._tell_tasks()
            return function

        return decorate

    def _tell_tasks(self) -> None:
        with self._lock:
            if self._run is not None:
                self._run.set_tasks(self._handlers.tasks())

    # --- Runs ---

    def run(self) -> None:
        """Runs jobs until stop(); reconnects for ever, or for give_up_after.

        Returns when it was stopped and every result is recorded. InvalidRequest: the server
        refused the session (a task name, a flag), or there is no handler. ShutdownIncomplete:
        handlers ignored their cancellation beyond the grace period and still run (end the
        process), or results could not be recorded in time. Unavailable: it gave up.
        SessionLost: the session's process could not be started or kept alive.
        """
        self._run_until_end(once=False)

    def run_once(self) -> None:
        """As run(), but ends when no job is left that could run now."""
        self._run_until_end(once=True)

    def stop(self) -> None:
        """Asks run() to end: no more jobs, those not started are given back, running ones are
        cancelled and have the grace period. Returns at once. If none runs, the next one returns
        at once.
        """
        run = self._run
        if run is None:
            self._stop = True
            # One that began meanwhile has not seen it.
            run = self._run
        if run is not None:
            run.stop()

    def _run_until_end(self, once: bool) -> None:
        tasks = self._handlers.tasks()
        if not tasks:
            raise invalid("tasks", 'no handler: decorate one with @executor.task("name")')
        with self._lock:
            if self._stop:
                self._stop = False
                return
        watch = SignalWatch(self.stop) if self._handle_signals else contextlib.nullcontext()
        with watch:
            if self._store_crontab():
                status = self._serve(tasks, once)
            else:
                self._stop = False
                return
        _raise_unless_ok(status)

    def _store_crontab(self) -> bool:
        """False: it was stopped before it could be."""
        if self._crontab is None:
            return True
        return apply_crontab(
            self._options.addresses,
            _text_of(self._crontab),
            self._crontab_name,
            self._options.give_up_after,
            lambda: self._stop,
        )

    def _serve(self, tasks: List[str], once: bool) -> Status:
        run = Run(self._session_options(tasks, once), self._handlers, self._in_process)
        with self._lock:
            self._run = run
        try:
            # A handler may have come or gone since the session's options were made.
            if self._handlers.tasks() != tasks:
                self._tell_tasks()
            if self._stop:
                run.stop()
            return run.serve()
        finally:
            with self._lock:
                self._run = None
                self._stop = False

    def _session_options(self, tasks: List[str], once: bool) -> SessionOptions:
        options = SessionOptions(**vars(self._options))
        options.tasks = tasks
        options.once = once
        return options


def _text_of(crontab: Union[str, "os.PathLike[str]"]) -> str:
    if isinstance(crontab, str):
        return crontab
    with open(crontab, encoding="utf-8") as file:
        return file.read()


def _raise_unless_ok(status: Status) -> None:
    if status.code == "OK":
        return
    if status.code == "DEADLINE_EXCEEDED":
        raise ShutdownIncomplete(status.message, code=status.code)
    raise make_error(status.message, status.code, status.reason, status.retry_after)
