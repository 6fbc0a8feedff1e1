"""What adds jobs: the clients, and the context of a handler."""
from datetime import datetime, timedelta
from typing import Any, Iterable, List, Mapping, Optional, Sequence, TypeVar, Union

from leasehold import _requests as requests
from leasehold._calls import Call
from leasehold.jobs import NewJob

T = TypeVar("T")


class Producer:
    """Blocks until the server has answered."""

    def _send(self, call: Call[T]) -> T:
        raise NotImplementedError

    def add_job(
        self,
        task: str,
        payload: Any = None,
        *,
        queue_name: Optional[str] = None,
        run_at: Optional[datetime] = None,
        delay: Union[timedelta, float, None] = None,
        max_attempts: Optional[int] = None,
        job_key: Optional[str] = None,
        job_key_mode: Optional[str] = None,
        priority: Optional[int] = None,
        flags: Sequence[str] = (),
        metadata: Optional[Mapping[str, str]] = None,
        request_id: Optional[str] = None,
    ) -> str:
        """Adds a job and returns its id. When it returns, the job is on disk.

        NewJob says what the arguments mean. `request_id` makes a call of the program's own
        repeatable, over restarts of it too: the same id with the same job is answered as the
        first time, for 10 minutes; by default each call has a new one.

        InvalidRequest: a bad value. KeyExists: mode "reject", and the key is there.
        AlreadyExists: the request id came with another job. Unavailable: see Client.
        """
        job = NewJob(
            task=task,
            payload=payload,
            queue_name=queue_name,
            run_at=run_at,
            delay=delay,
            max_attempts=max_attempts,
            job_key=job_key,
            job_key_mode=job_key_mode,
            priority=priority,
            flags=flags,
            metadata=metadata or {},
        )
        return self._send(requests.add_job(job, request_id))

    def add_jobs(self, jobs: Iterable[NewJob], *, request_id: Optional[str] = None) -> List[str]:
        """Adds 1 to 10,000 jobs in one commit, all or none; the ids are in their order.

        Errors as add_job().
        """
        return self._send(requests.add_jobs(jobs, request_id))

    def add_batch_job(self, task: str, items: Sequence[Any], **options: Any) -> str:
        """Adds a job for Executor.batch_task(): `items` become its payload, an array.

        `options` are those of add_job(). InvalidRequest, beside the server's: no items.
        """
        return self.add_job(task, requests.batch_payload(items), **options)


class AsyncProducer:
    """The same for asyncio."""

    async def _send(self, call: Call[T]) -> T:
        raise NotImplementedError

    async def add_job(
        self,
        task: str,
        payload: Any = None,
        *,
        queue_name: Optional[str] = None,
        run_at: Optional[datetime] = None,
        delay: Union[timedelta, float, None] = None,
        max_attempts: Optional[int] = None,
        job_key: Optional[str] = None,
        job_key_mode: Optional[str] = None,
        priority: Optional[int] = None,
        flags: Sequence[str] = (),
        metadata: Optional[Mapping[str, str]] = None,
        request_id: Optional[str] = None,
    ) -> str:
        """Adds a job and returns its id. When it returns, the job is on disk.

        NewJob says what the arguments mean. `request_id` makes a call of the program's own
        repeatable, over restarts of it too: the same id with the same job is answered as the
        first time, for 10 minutes; by default each call has a new one.

        InvalidRequest: a bad value. KeyExists: mode "reject", and the key is there.
        AlreadyExists: the request id came with another job. Unavailable: see Client.
        """
        job = NewJob(
            task=task,
            payload=payload,
            queue_name=queue_name,
            run_at=run_at,
            delay=delay,
            max_attempts=max_attempts,
            job_key=job_key,
            job_key_mode=job_key_mode,
            priority=priority,
            flags=flags,
            metadata=metadata or {},
        )
        return await self._send(requests.add_job(job, request_id))

    async def add_jobs(
        self, jobs: Iterable[NewJob], *, request_id: Optional[str] = None
    ) -> List[str]:
        """Adds 1 to 10,000 jobs in one commit, all or none; the ids are in their order.

        Errors as add_job().
        """
        return await self._send(requests.add_jobs(jobs, request_id))

    async def add_batch_job(self, task: str, items: Sequence[Any], **options: Any) -> str:
        """Adds a job for Executor.batch_task(): `items` become its payload, an array.

        `options` are those of add_job(). InvalidRequest, beside the server's: no items.
        """
        return await self.add_job(task, requests.batch_payload(items), **options)
