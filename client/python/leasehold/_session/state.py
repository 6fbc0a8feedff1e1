"""What a session machine knows. Its rules are in the modules that build upon this one:

state <- machine_leases <- machine_leaving <- machine_streams <- machine_writes <- machine
"""
import enum
from typing import Callable, List, Sequence

from leasehold._session.leases import Lease, LeaseBook, OutcomeOutbox
from leasehold._session.prefetch import Prefetch
from leasehold._session.reconnect import Reconnect
from leasehold._session.types import (
    NEVER,
    Action,
    SessionOptions,
    Status,
    WithdrawJobs,
    WriteLog,
)

# What the protocol allows.
_MAX_WINDOW = 100_000


class Phase(enum.IntEnum):
    RUNNING = 0
    STOPPING = 1
    CLOSING = 2
    ENDED = 3


class Stream:
    """The stream under way; `id` grows with each one, 0: none."""

    def __init__(self, stream: int = 0) -> None:
        self.id = stream
        # The server has answered `opened`.
        self.open = False
        self.writing = False
        # To be open by then.
        self.open_deadline = NEVER
        self.opened_at = 0.0
        self.last_heard = 0.0
        self.last_written = 0.0
        # Of `jobs` frames.
        self.received_sequence = 0
        self.acknowledged_sequence = 0
        self.receipt_due = NEVER
        self.reply_wanted = False
        self.window_changed = False
        self.drain_wanted = False
        # Tokens to give back.
        self.released: List[str] = []
        # Handles of jobs begun and not reported yet on this stream.
        self.started: List[int] = []
        # They have let a frame of outcomes pass already.
        self.started_first = False


class MachineState:
    def __init__(self, options: SessionOptions, random: Callable[[], float]) -> None:
        self.options = options
        self.reconnect = Reconnect(options.addresses, random)
        self.leases = LeaseBook(options.first_handle)
        self.outbox = OutcomeOutbox()
        self.prefetch = Prefetch(options.concurrency, options.prefetch)
        self.actions: List[Action] = []

        # --- The session ---
        self.session_id = ""
        # The highest seen from any replica.
        self.epoch = 0
        self.heartbeat_interval = 5.0
        self.payload_limit = 0
        self.frame_limit = 0
        # There is no task to lease jobs of.
        self.paused = options.paused
        # Once-mode: the server has nothing left.
        self.idle = False

        # --- The stream ---
        self.stream = Stream()
        self.last_stream = 0
        self.reconnect_at = NEVER
        # When a server was heard last.
        self.last_contact = 0.0
        self.next_warning = -NEVER

        # --- Handlers ---
        # Jobs that handlers have, begun or not.
        self.offered = options.occupied
        # How many they may have beyond the announced ones: see offer_more.
        self.ahead = 0

        # --- Leaving ---
        self.phase = Phase.RUNNING
        self.without_server = False
        self.result = Status()
        self.grace_deadline = NEVER
        self.record_deadline = NEVER
        self.close_deadline = NEVER

    @property
    def leaving(self) -> bool:
        return self.phase is not Phase.RUNNING

    def window(self) -> int:
        if self.leaving or self.paused:
            return 0
        return min(self.options.concurrency + self.prefetch.jobs, _MAX_WINDOW)

    def withdraw(self, handles: Sequence[int]) -> None:
        if self.offered > 0:
            self.actions.append(WithdrawJobs(handles))

    def log(self, level: int, message: str) -> None:
        self.actions.append(WriteLog(level, message))

    def log_job(self, level: int, lease: Lease, message: str) -> None:
        job = lease.job
        self.actions.append(WriteLog(level, message, job.id, job.task, job.attempt))
