"""What a handler knows of the attempt that it runs."""
import asyncio
import logging
from functools import cached_property
from typing import Any, MutableMapping, Tuple, TypeVar

from leasehold._calls import Call
from leasehold._producers import AsyncProducer, Producer
from leasehold.cancellation import AsyncCancellation, Cancellation
from leasehold.client import Client
from leasehold.jobs import LeasedJob

T = TypeVar("T")

logger = logging.getLogger("leasehold")


class JobLogger(logging.LoggerAdapter):  # type: ignore[type-arg,unused-ignore]
    """Writes to the logger "leasehold": each line begins with the job, and its record has the
    attributes job_id, task and attempt.
    """

    def __init__(self, job_id: str, task: str, attempt: int) -> None:
        super().__init__(logger, {"job_id": job_id, "task": task, "attempt": attempt})
        self._prefix = f"job {job_id} ({task}, attempt {attempt}): "

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> Tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return self._prefix + str(msg), kwargs


class _Context:
    def __init__(self, job: LeasedJob, cancellation: Cancellation, client: Client) -> None:
        # The attempt: every field of the job.
        self.job = job
        self._cancellation = cancellation
        self._client = client

    @cached_property
    def logger(self) -> JobLogger:
        """Names the job in each line."""
        return JobLogger(self.job.id, self.job.task, self.job.attempt)

    @property
    def fencing_number(self) -> int:
        """Grows with every lease of a job: give it to other stores, so that they refuse an
        attempt that was overtaken.
        """
        return self.job.fencing_number


class JobContext(_Context, Producer):
    """Of a plain handler. The jobs it adds go through the executor's server, and stay added
    whatever becomes of this attempt.

    It may be used from other threads as well.
    """

    @property
    def cancelled(self) -> Cancellation:
        """Set once the attempt should end soon."""
        return self._cancellation

    def _send(self, call: Call[T]) -> T:
        return self._client._send(call)


class AsyncJobContext(_Context, AsyncProducer):
    """Of a handler that is a coroutine: as JobContext, but what waits is awaited."""

    @cached_property
    def cancelled(self) -> AsyncCancellation:
        """Set once the attempt should end soon."""
        return AsyncCancellation(self._cancellation)

    async def _send(self, call: Call[T]) -> T:
        loop = asyncio.get_running_loop()
        # On a thread: gRPC for asyncio wants one event loop a process, which is the program's.
        return await loop.run_in_executor(None, self._client._send, call)
