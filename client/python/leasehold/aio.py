"""Client for asyncio: the same calls as leasehold.Client, as coroutines."""
from datetime import datetime, timedelta
from typing import List, Optional, TypeVar, Union

from leasehold import _requests as requests
from leasehold._aio_calls import AsyncCalls
from leasehold._calls import Call
from leasehold._channel import split_addresses
from leasehold._producers import AsyncProducer
from leasehold.crons import AppliedCrontab, Cron, CronSpec
from leasehold.jobs import Job, JobPage, JobState

__all__ = ["Client"]

T = TypeVar("T")


class Client(AsyncProducer):
    """Adds jobs and looks at them.

    `address` is host:port, several replicas separated by commas; by default LEASEHOLD_SERVER of
    the environment, or 127.0.0.1:7411. `timeout` bounds a whole call, in seconds. A call
    ends when the server has answered. What may succeed later (the server is away, drains or is
    full) is repeated within the timeout under one request id, so that it takes effect once; then
    Unavailable is raised. Errors name the thing and the remedy: leasehold.errors.

    A client belongs to the event loop that first uses it.
    """

    def __init__(self, address: Optional[str] = None, *, timeout: float = 10.0) -> None:
        self._calls = AsyncCalls(split_addresses(address), timeout)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections; the next call opens new ones."""
        await self._calls.close()

    async def _send(self, call: Call[T]) -> T:
        return await self._calls.call(call)

    async def get_job(self, job_id: str) -> Job:
        """NotFound: there never was such a job, or it has ended."""
        return await self._send(requests.get_job(job_id))

    async def list_jobs(
        self,
        *,
        task: Optional[str] = None,
        queue_name: Optional[str] = None,
        state: Optional[JobState] = None,
        page_size: int = 0,
        page_token: str = "",
    ) -> JobPage:
        """One page of the jobs in the order of their ids, without payloads.

        `page_size` is 1 to 1000; 0: the server's default, 50. `page_token` is next_page_token of
        the page before.
        """
        return await self._send(requests.list_jobs(task, queue_name, state, page_size, page_token))

    async def remove_job(self, job_key: str, *, request_id: Optional[str] = None) -> str:
        """Removes the job that has the key, and returns its id. A leased one runs on, loses its
        key and is not retried. NotFound: no job has the key.
        """
        return await self._send(requests.remove_job(job_key, request_id))

    async def put_cron(self, spec: CronSpec) -> Cron:
        """Adds a stored cron, or replaces the one with its identifier, which keeps its pause.

        InvalidRequest names every bad field. FailedPrecondition, reason CRON_OWNED: the cron
        belongs to the server's crontab file or to a crontab that apply_crontab() named.
        """
        return await self._send(requests.put_cron(spec))

    async def list_crons(self) -> List[Cron]:
        """All crons, those of the leader's crontab file included, by identifier."""
        crons: List[Cron] = []
        token = ""
        while True:
            page = await self._send(requests.list_crons(token))
            crons += page.crons
            token = page.next_page_token
            if not token:
                return crons

    async def pause_cron(self, identifier: str) -> Cron:
        """The cron adds no jobs until it is resumed. NotFound: there is none."""
        return await self._send(requests.pause_cron(identifier))

    async def resume_cron(self, identifier: str) -> Cron:
        """Ends the pause: nothing is backfilled. NotFound: there is none."""
        return await self._send(requests.resume_cron(identifier))

    async def run_cron(self, identifier: str, *, request_id: Optional[str] = None) -> str:
        """Adds a job of the cron now, paused or not, and returns its id."""
        return await self._send(requests.run_cron(identifier, request_id))

    async def remove_cron(self, identifier: str) -> None:
        """NotFound: there is none. FailedPrecondition: it stands in the crontab file."""
        await self._send(requests.remove_cron(identifier))

    async def apply_crontab(self, text: str, name: str = "") -> AppliedCrontab:
        """Stores the entries of a crontab, all or none; one that did not change goes on as it is.
        With a name, stored crons of that name that the text does not have are removed.

        InvalidRequest names every bad line with its column.
        """
        return await self._send(requests.apply_crontab(text, name))

    async def advance_clock(self, by: Union[timedelta, float]) -> datetime:
        """For tests: moves the clock of a server with --ephemeral forward (docs/testing.md), and
        returns its time. A call that is repeated moves it again.
        """
        return await self._send(requests.advance_clock(by))
