"""Runs a handler, and makes an outcome of how it ends."""
import asyncio
import functools
import inspect
import json
import logging
from datetime import timedelta
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from leasehold._convert import dump, set_duration
from leasehold._json_array import split_array
from leasehold._proto import executor_service_pb2
from leasehold._proto.executor_service_pb2 import Outcome
from leasehold.cancellation import Cancellation
from leasehold.client import Client
from leasehold.context import AsyncJobContext, JobContext, JobLogger
from leasehold.jobs import LeasedJob
from leasehold.results import Fail, Release

# More of it the server does not keep.
_MAX_ERROR = 64 << 10


class Handler:
    """A function of the user's, and how it wants to be called. TypeError: it takes too much."""

    def __init__(self, task: str, function: Callable[..., Any], batch: bool) -> None:
        self.function = function
        self.batch = batch
        self.is_async = _is_async(function)
        self.wants_context = _wants_context(task, function)

    def context(self, job: LeasedJob, cancellation: Cancellation, client: Client) -> Any:
        kind = AsyncJobContext if self.is_async else JobContext
        return kind(job, cancellation, client)


def _is_async(function: Callable[..., Any]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    call = getattr(function, "__call__", None)  # noqa: B004 - an object that is called
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def _wants_context(task: str, function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        # Some builtins do not say.
        return False
    positional = [
        p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    required = [p for p in positional if p.default is p.empty]
    anything = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    forced = any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters)
    if len(required) > 2 or forced or (not positional and not anything):
        raise TypeError(
            f"the handler of {task!r} must take the payload, or the payload and a context: "
            "def f(payload) or def f(payload, ctx)"
        )
    return len(required) == 2 or (len(positional) > 1 and positional[1].name == "ctx")


# --- Outcomes ---


def text_of(error: BaseException) -> str:
    """What is kept of an exception: its text, or its name if it has none."""
    try:
        text = str(error) or type(error).__name__
    except BaseException:  # noqa: B902 - it is the user's code
        text = type(error).__name__
    # A server cannot read other bytes; half of a character may be left by the cut.
    data = text.encode("utf-8", "replace")[:_MAX_ERROR]
    return data.decode("utf-8", "ignore")


def outcome_of(error: BaseException) -> Outcome:
    outcome = Outcome()
    if isinstance(error, Release):
        set_duration(outcome.release.delay, error.delay)
        return outcome
    fail = outcome.fail
    fail.error = text_of(error)
    if isinstance(error, Fail):
        fail.permanent = error.permanent
        if error.delay is not None:
            set_duration(fail.retry_after, error.delay)
        if error.payload is not None:
            try:
                fail.payload = dump(error.payload)
            except (TypeError, ValueError, RecursionError) as wrong:
                fail.error += f" (and its new payload is not JSON: the old one stays: {wrong})"
    return outcome


def _outcome_of_any(error: BaseException) -> Outcome:
    """As outcome_of(), also where the exception's own code or attributes are broken."""
    try:
        return outcome_of(error)
    except BaseException as wrong:  # noqa: B902 - it is the user's code
        outcome = Outcome()
        outcome.fail.error = f"{text_of(error)} (a plain failure: {text_of(wrong)})"
        return outcome


def join_results(items: Sequence[str], results: Any) -> Optional[Outcome]:
    """What becomes of a batch job whose items, each a JSON text, ended so; see
    Executor.batch_task().
    """
    if results is None:
        return None
    if isinstance(results, (str, bytes, dict)) or not hasattr(results, "__len__"):
        return outcome_of(
            Fail(f"the batch handler returned {type(results).__name__}: it must return a list")
        )
    if len(results) != len(items):
        return outcome_of(
            Fail(f"the batch handler returned {len(results)} results for {len(items)} items")
        )
    ends = [result if isinstance(result, BaseException) else None for result in results]
    bad = [(index, end) for index, end in enumerate(ends) if end is not None]
    if not bad:
        return None
    if len(bad) == len(ends) and all(isinstance(end, Release) for _, end in bad):
        delay = _longest_delay(bad)
        return outcome_of(Release(delay if delay is not None else 0))
    return _failed_items(items, bad)


def _longest_delay(bad: List[Tuple[int, BaseException]]) -> Optional[timedelta]:
    delays = [getattr(end, "delay", None) for _, end in bad if isinstance(end, (Fail, Release))]
    return max((delay for delay in delays if delay is not None), default=None)


def _failed_items(items: Sequence[str], bad: List[Tuple[int, BaseException]]) -> Outcome:
    left: List[str] = []
    errors: List[str] = []
    size = 0
    for index, end in bad:
        # An item is what an attempt is: the same rules for its error and its new payload.
        one = outcome_of(end)
        left.append(one.fail.payload if one.fail.HasField("payload") else items[index])
        if size <= _MAX_ERROR:
            errors.append(f"{index}: {one.fail.error or 'given back'}")
            size += len(errors[-1])
    error = f"{len(bad)} of {len(items)} items failed: {'; '.join(errors)}"
    outcome = Outcome()
    outcome.fail.error = text_of(Fail(error))
    outcome.fail.permanent = all(isinstance(end, Fail) and end.permanent for _, end in bad)
    outcome.fail.payload = "[" + ",".join(left) + "]"
    delay = _longest_delay(bad)
    if delay is not None:
        set_duration(outcome.fail.retry_after, delay)
    return outcome


# --- Runs ---


class HandlerTable:
    """Which handler runs a task, and its runs. Safe from any thread, also while handlers run."""

    def __init__(self, client: Client) -> None:
        self._handlers: Dict[str, Handler] = {}
        self._client = client

    def set(self, task: str, handler: Handler) -> None:
        self._handlers = {**self._handlers, task: handler}

    def remove(self, task: str) -> None:
        self._handlers = {name: h for name, h in self._handlers.items() if name != task}

    def tasks(self) -> List[str]:
        return sorted(self._handlers)

    def is_async(self, task: str) -> bool:
        handler = self._handlers.get(task)
        return handler is not None and handler.is_async

    def run(
        self, job: executor_service_pb2.LeasedJob, cancellation: Cancellation
    ) -> Optional[Outcome]:
        """Always makes an outcome, whatever the handler raises. A job without a handler (it was
        removed) is given back.
        """
        try:
            handler = self._handlers.get(job.task)
            if handler is None or handler.is_async:
                raise Release()
            if handler.batch:
                items, arguments = self._batch(handler, job, cancellation)
                return join_results(items, handler.function(*arguments)) if items else None
            payload = json.loads(job.payload)
            if handler.wants_context:
                context = handler.context(LeasedJob(job), cancellation, self._client)
                result = handler.function(payload, context)
            else:
                result = handler.function(payload)
            if inspect.isawaitable(result):
                raise TypeError("the handler returned an awaitable: define it with async def")
            return None
        except BaseException as error:  # noqa: B902 - a handler's sys.exit() is its failure
            return self._failed(job, error)

    async def run_async(
        self, job: executor_service_pb2.LeasedJob, cancellation: Cancellation
    ) -> Optional[Outcome]:
        """As run()."""
        try:
            handler = self._handlers.get(job.task)
            if handler is None or not handler.is_async:
                raise Release()
            if handler.batch:
                items, arguments = self._batch(handler, job, cancellation)
                return join_results(items, await handler.function(*arguments)) if items else None
            payload = json.loads(job.payload)
            if handler.wants_context:
                context = handler.context(LeasedJob(job), cancellation, self._client)
                await handler.function(payload, context)
            else:
                await handler.function(payload)
            return None
        except BaseException as error:  # noqa: B902 - as above
            return self._failed(job, error)

    def _batch(
        self,
        handler: Handler,
        job: executor_service_pb2.LeasedJob,
        cancellation: Cancellation,
    ) -> Tuple[List[str], List[Any]]:
        """The items as texts, and the arguments."""
        try:
            elements = split_array(job.payload)
        except ValueError as error:
            raise Fail(f"the payload of a batch job must be an array: it {error}") from None
        arguments: List[Any] = [[value for value, _ in elements]]
        if handler.wants_context:
            arguments.append(handler.context(LeasedJob(job), cancellation, self._client))
        return [text for _, text in elements], arguments

    def _failed(self, job: executor_service_pb2.LeasedJob, error: BaseException) -> Outcome:
        try:
            _log_failure(JobLogger(job.id, job.task, job.attempt), error)
        except BaseException:  # noqa: B902 - a filter or handler of the program's own logging
            # Nobody is left to be told; the outcome must not be lost with the line.
            pass
        return _outcome_of_any(error)


def _log_failure(log: JobLogger, error: BaseException) -> None:
    if isinstance(error, Release):
        log.debug("given back")
    elif isinstance(error, (Fail, asyncio.CancelledError)):
        log.warning("failed: %s", text_of(error))
    elif log.isEnabledFor(logging.ERROR):
        log.error("failed: %s", text_of(error), exc_info=error)
