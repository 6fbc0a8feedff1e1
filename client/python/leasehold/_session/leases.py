"""The leases of this process, and their outcomes on the way to the server."""
import enum
from collections import deque
from typing import Callable, Deque, Dict, Iterable, List, NamedTuple, Optional, Tuple

from leasehold._session.types import LeasedJob, LeaseJobsRequest, Outcome

_MAX_OUTCOMES = 4096


class LeaseState(enum.IntEnum):
    # Held here; no handler may take it yet.
    WAITING = 0
    # Handlers may take it, or have taken it and not said so yet.
    OFFERED = 1
    # As good as running: reported as started.
    STARTED = 2
    # Its handler has ended; the outcome waits for its record.
    ENDED = 3
    # The server has taken it back while its handler may run; the result will not count.
    LOST = 4


WAITING, OFFERED, STARTED, ENDED, LOST = LeaseState


class Lease:
    __slots__ = ("job", "token", "state", "announced", "recalled", "refused")

    def __init__(self, job: LeasedJob) -> None:
        self.job = job
        self.token: str = job.lease_token
        self.state = WAITING
        # A `started` frame has named it.
        self.announced = False
        # The server wants it back.
        self.recalled = False
        # The server refused to take its outcome once already.
        self.refused = False


class LeaseBook:
    """All leases by their handles, in the order of their arrival, and which of them wait.

    A handle names a lease inside this process; it grows with each one.
    """

    def __init__(self, first_handle: int = 1) -> None:
        self.leases: Dict[int, Lease] = {}
        self._by_token: Dict[str, int] = {}
        # Some may have left in the meantime.
        self._waiting: Deque[int] = deque()
        self._next_handle = first_handle

    def __len__(self) -> int:
        return len(self.leases)

    def find(self, handle: int) -> Optional[Lease]:
        return self.leases.get(handle)

    def erase(self, handle: int) -> None:
        lease = self.leases.pop(handle, None)
        if lease is not None and self._by_token.get(lease.token) == handle:
            del self._by_token[lease.token]

    def add(self, job: LeasedJob) -> int:
        """As waiting, behind the others."""
        handle = self._next_handle
        self._next_handle += 1
        lease = self.leases[handle] = Lease(job)
        self._by_token[lease.token] = handle
        self._waiting.append(handle)
        return handle

    def where(self, condition: Callable[[Lease], bool]) -> List[int]:
        """Those that meet the condition, oldest first."""
        return [handle for handle, lease in self.leases.items() if condition(lease)]

    def find_tokens(self, tokens: Iterable[str]) -> List[int]:
        """Those of the tokens that are here, oldest first."""
        return sorted({self._by_token[token] for token in tokens if token in self._by_token})

    def holds(self, token: str) -> bool:
        handle = self._by_token.get(token)
        return handle is not None and self.leases[handle].state is not LOST

    def held_tokens(self) -> List[str]:
        """All in which this process has an interest: what it names when it resumes."""
        return [lease.token for lease in self.leases.values() if lease.state is not LOST]

    def any_not_ended(self) -> bool:
        return any(lease.state is not ENDED for lease in self.leases.values())

    def any_waiting(self) -> bool:
        waiting, leases = self._waiting, self.leases
        while waiting:
            lease = leases.get(waiting[0])
            if lease is not None and lease.state is WAITING:
                return True
            waiting.popleft()
        return False

    def take_waiting(self, state: LeaseState, most: int) -> Tuple[List[int], List[Lease]]:
        """Those that have waited longest become `state`, `most` at most."""
        handles: List[int] = []
        leases: List[Lease] = []
        while len(handles) < most and self._waiting:
            handle = self._waiting.popleft()
            lease = self.leases.get(handle)
            if lease is None or lease.state is not WAITING:
                continue
            lease.state = state
            handles.append(handle)
            leases.append(lease)
        return handles, leases

    def wait_again(self, handles: List[int]) -> None:
        """They wait again, before all others, in the order given."""
        for handle in handles:
            self.leases[handle].state = WAITING
        self._waiting.extendleft(reversed(handles))


class SentOutcomes(NamedTuple):
    """A frame of outcomes with the handles of the jobs in it, in their order."""

    message: LeaseJobsRequest
    handles: List[int]


class OutcomeOutbox:
    """Outcomes on their way to the server: packed into numbered frames, kept and sent again on
    each new stream until the server has recorded them. An outcome of None is complete.
    """

    def __init__(self) -> None:
        self._unsent: Dict[int, Tuple[str, Optional[Outcome]]] = {}
        self._frames: List[SentOutcomes] = []
        # The first of the frames that this stream has not carried.
        self._next_frame = 0
        self._last_sequence = 0
        self._sent = 0

    def __len__(self) -> int:
        """Outcomes, not frames."""
        return self._sent + len(self._unsent)

    def add(self, handle: int, token: str, outcome: Optional[Outcome]) -> None:
        self._unsent[handle] = (token, outcome)

    def take_unsent(self, handle: int) -> Optional[Tuple[str, Optional[Outcome]]]:
        """Takes an outcome that no frame has carried yet out again."""
        return self._unsent.pop(handle, None)

    def next_frame(self, max_bytes: int) -> Optional[LeaseJobsRequest]:
        """None if nothing is to be sent. A frame holds one outcome at least."""
        if self._next_frame < len(self._frames):
            self._next_frame += 1
            return self._frames[self._next_frame - 1].message
        if not self._unsent:
            return None
        self._last_sequence += 1
        message = LeaseJobsRequest()
        message.outcomes.sequence = self._last_sequence
        handles = self._pack(message.outcomes.outcomes.add, max_bytes)
        self._sent += len(handles)
        self._frames.append(SentOutcomes(message, handles))
        self._next_frame = len(self._frames)
        return message

    def _pack(self, add: Callable[[], Outcome], max_bytes: int) -> List[int]:
        handles: List[int] = []
        size = 0
        for handle, (token, outcome) in self._unsent.items():
            size += len(token) + 8 + (outcome.ByteSize() if outcome is not None else 0)
            if handles and (size > max_bytes or len(handles) >= _MAX_OUTCOMES):
                break
            packed = add()
            if outcome is None:
                packed.complete.SetInParent()
            else:
                packed.CopyFrom(outcome)
            packed.lease_token = token
            handles.append(handle)
        if len(handles) == len(self._unsent):
            self._unsent.clear()
        else:
            for handle in handles:
                del self._unsent[handle]
        return handles

    def recorded(self, sequence: int) -> Optional[SentOutcomes]:
        """The frame of that number, which is forgotten; None if none waits.

        A frame that this stream has not carried cannot have been recorded by it.
        """
        for index in range(self._next_frame):
            frame = self._frames[index]
            if frame.message.outcomes.sequence == sequence:
                del self._frames[index]
                self._next_frame -= 1
                self._sent -= len(frame.handles)
                return frame
        return None

    def resend(self) -> None:
        """A new stream of the same session: the frames not recorded are sent again."""
        self._next_frame = 0

    def renumber(self) -> None:
        """As resend, on a session that counts its frames from 1."""
        self.resend()
        self._last_sequence = 0
        for frame in self._frames:
            self._last_sequence += 1
            frame.message.outcomes.sequence = self._last_sequence
