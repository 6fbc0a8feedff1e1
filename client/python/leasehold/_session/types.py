"""What the session machine is told and what it asks for.

Times are seconds of any clock that does not go back; durations are seconds.
"""
from dataclasses import dataclass, field
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

from leasehold._proto.executor_service_pb2 import (
    LeasedJob,
    LeaseJobsRequest,
    LeaseJobsResponse,
    Outcome,
)

NEVER = float("inf")

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40


@dataclass
class SessionOptions:
    executor_name: str
    # Neither is empty.
    addresses: List[str]
    tasks: List[str]
    forbidden_flags: List[str] = field(default_factory=list)
    concurrency: int = 1
    # Negative: see Prefetch.
    prefetch: int = -1
    once: bool = False
    grace_period: float = 30.0
    interrupted_job_delay: float = 30.0
    record_timeout: float = 10.0
    give_up_after: float = NEVER
    # After an earlier session of this process: names none of its leases.
    first_handle: int = 1
    # So many handlers still run jobs of it; they are reported with the others when they end.
    occupied: int = 0
    # There is no task to lease jobs of, whatever `tasks` names.
    paused: bool = False


class Status(NamedTuple):
    """How a stream or the session ended: `code` as gRPC names it, OK or an error."""

    code: str = "OK"
    message: str = ""
    reason: str = ""
    # What the server's RetryInfo asks for.
    retry_after: Optional[float] = None


# A job whose handler has ended, by its handle, and how: None is complete, as most are. The token
# of an outcome is filled in by the machine.
FinishedJob = Tuple[int, Optional[Outcome]]

# --- What the machine asks for, in this order ---


class OpenStream(NamedTuple):
    """Open a stream and write `open` on it."""

    stream: int
    address: str
    open: LeaseJobsRequest


class WriteFrame(NamedTuple):
    """Never more than one write at a time: the machine waits for on_written."""

    stream: int
    frame: LeaseJobsRequest


class CloseStream(NamedTuple):
    """No frame follows; the server ends the stream."""

    stream: int


class CancelStream(NamedTuple):
    """Nothing of this stream is wanted any more."""

    stream: int


class RunJobs(NamedTuple):
    """For handlers, in this order. `announced`: the server knows already that they start."""

    handles: List[int]
    jobs: List[LeasedJob]
    announced: bool


class WithdrawJobs(NamedTuple):
    """Take back those that no handler has taken yet, and answer with on_withdrawn, always.

    Empty: all of them.
    """

    handles: Sequence[int]


class CancelJobs(NamedTuple):
    handles: Sequence[int]
    reason: str


class WriteLog(NamedTuple):
    level: int
    message: str
    job_id: str = ""
    task: str = ""
    attempt: int = 0


class EndSession(NamedTuple):
    """The last action: how the session ended."""

    status: Status


Action = Union[
    OpenStream,
    WriteFrame,
    CloseStream,
    CancelStream,
    RunJobs,
    WithdrawJobs,
    CancelJobs,
    WriteLog,
    EndSession,
]

__all__ = [
    "Action",
    "CancelJobs",
    "CancelStream",
    "CloseStream",
    "EndSession",
    "FinishedJob",
    "LeaseJobsRequest",
    "LeaseJobsResponse",
    "LeasedJob",
    "NEVER",
    "OpenStream",
    "Outcome",
    "RunJobs",
    "SessionOptions",
    "Status",
    "WithdrawJobs",
    "WriteFrame",
    "WriteLog",
]
