"""Jobs: to add, as they stand in the queue, and as a handler sees them."""
import enum
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from leasehold._convert import datetime_of
from leasehold._proto import executor_service_pb2, job_pb2


class JobState(enum.Enum):
    """What has become of a job. A completed one is gone: it has no state."""

    UNKNOWN = 0
    # Waits for its run_at: never run, or waiting for its retry.
    SCHEDULED = 1
    # May be leased now.
    READY = 2
    # Held by an executor.
    LEASED = 3
    # Its attempts are used up, or it was failed permanently.
    FAILED = 4


@dataclass
class NewJob:
    """A job to add; what is left out takes the server's default.

    `task` names the handler that runs it: 1 to 128 characters. `payload` is whatever JSON can
    say, or JsonText; None: {}. At most the server's payload limit, by default 1 MiB.
    """

    task: str
    payload: Any = None
    # Serial queue: its jobs run one at a time, in order. 1 to 128 characters.
    queue_name: Optional[str] = None
    # Not before this time, which has a time zone. Excludes `delay`.
    run_at: Optional[datetime] = None
    # Not before this long after the server received the job; a number is in seconds.
    delay: Union[timedelta, float, None] = None
    # Attempts before the job has permanently failed: 1 to 32767, by default 25.
    max_attempts: Optional[int] = None
    # Unique among the jobs that have not ended: 1 to 512 characters.
    job_key: Optional[str] = None
    # What happens when a job with the key is there and not leased; needs a key:
    # "replace" (the default): it takes every value of the new one, attempts and error cleared;
    # "preserve_run_at": the same, but run_at stays as long as it has not failed yet;
    # "unsafe_dedupe": it stays as it is, whatever its state, even permanently failed;
    # "reject": nothing is added, KeyExists is raised.
    job_key_mode: Optional[str] = None
    # -32768 to 32767, smaller runs sooner; by default 0.
    priority: Optional[int] = None
    # Executors may forbid flags: they get no job that has one of them. At most 64.
    flags: Sequence[str] = ()
    # Handed to the handler; the place of traceparent, tracestate and baggage. At most 8 KiB.
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job as it stands in the queue."""

    id: str
    task: str
    # JSON text; empty in the pages of list_jobs().
    payload_text: str
    queue_name: Optional[str]
    priority: int
    run_at: datetime
    # Attempts that have ended without success, and the running one if it is leased.
    attempts: int
    max_attempts: int
    # Of the last attempt that failed; empty if none did.
    last_error: str
    job_key: Optional[str]
    flags: List[str]
    # Grows with each change of the job by its key.
    revision: int
    metadata: Dict[str, str]
    created_at: datetime
    updated_at: datetime
    state: JobState
    # While it is leased: since when, and the id of the executor that holds it.
    locked_at: Optional[datetime]
    locked_by: str

    @property
    def payload(self) -> Any:
        """The payload as Python's json reads it; None in the pages of list_jobs()."""
        return json.loads(self.payload_text) if self.payload_text else None


@dataclass(frozen=True)
class JobPage:
    # In the order of their ids, without payloads.
    jobs: List[Job]
    # Of the next page; empty on the last one.
    next_page_token: str


def job_of(proto: job_pb2.Job) -> Job:
    known = {state.value: state for state in JobState}
    return Job(
        id=proto.id,
        task=proto.task,
        payload_text=proto.payload,
        queue_name=proto.queue_name if proto.HasField("queue_name") else None,
        priority=proto.priority,
        run_at=datetime_of(proto.run_at),
        attempts=proto.attempts,
        max_attempts=proto.max_attempts,
        last_error=proto.last_error,
        job_key=proto.key if proto.HasField("key") else None,
        flags=list(proto.flags),
        revision=proto.revision,
        metadata=dict(proto.metadata),
        created_at=datetime_of(proto.created_at),
        updated_at=datetime_of(proto.updated_at),
        state=known.get(int(proto.state), JobState.UNKNOWN),
        locked_at=datetime_of(proto.locked_at) if proto.HasField("locked_at") else None,
        locked_by=proto.locked_by,
    )


class LeasedJob:
    """One attempt of a job, as its handler sees it."""

    __slots__ = ("_proto",)

    def __init__(self, proto: executor_service_pb2.LeasedJob) -> None:
        self._proto = proto

    def __repr__(self) -> str:
        return f"<LeasedJob {self.id} {self.task!r} attempt {self.attempt}/{self.max_attempts}>"

    @property
    def id(self) -> str:
        return self._proto.id

    @property
    def task(self) -> str:
        return self._proto.task

    @property
    def payload(self) -> Any:
        """The payload, read anew from its text."""
        return json.loads(self._proto.payload)

    @property
    def payload_text(self) -> str:
        """JSON text, as it was added, byte for byte."""
        return self._proto.payload

    @property
    def queue_name(self) -> Optional[str]:
        return self._proto.queue_name if self._proto.HasField("queue_name") else None

    @property
    def attempt(self) -> int:
        """1 on the first run."""
        return self._proto.attempt

    @property
    def max_attempts(self) -> int:
        return self._proto.max_attempts

    @property
    def job_key(self) -> Optional[str]:
        return self._proto.key if self._proto.HasField("key") else None

    @property
    def priority(self) -> int:
        return self._proto.priority

    @property
    def run_at(self) -> datetime:
        return datetime_of(self._proto.run_at)

    @property
    def created_at(self) -> datetime:
        return datetime_of(self._proto.created_at)

    @property
    def metadata(self) -> Dict[str, str]:
        return dict(self._proto.metadata)

    @property
    def flags(self) -> List[str]:
        return list(self._proto.flags)

    @property
    def fencing_number(self) -> int:
        """Grows with every lease of a job: give it to other stores, so that they refuse an
        attempt that was overtaken.
        """
        return self._proto.fencing_number

    @property
    def lease_token(self) -> str:
        """Opaque; ends the lease without a session (docs/protocol.md, Complete and Fail)."""
        return self._proto.lease_token
