"""SessionMachine: stopping and the end."""
from typing import List

from leasehold._proto.executor_service_pb2 import Outcome
from leasehold._session.leases import ENDED, LOST, OFFERED, STARTED, WAITING, OutcomeOutbox
from leasehold._session.machine_leases import LeaseRules
from leasehold._session.state import Phase, Stream
from leasehold._session.types import (
    NEVER,
    WARNING,
    CancelJobs,
    CancelStream,
    CloseStream,
    EndSession,
    Status,
)

# For the server to end the stream after the last frame.
_CLOSE_TIMEOUT = 2.0


class LeavingRules(LeaseRules):
    def begin_stop(self, result: Status, now: float) -> None:
        self.phase = Phase.STOPPING
        self.result = result
        self.grace_deadline = now + self.options.grace_period
        self.stream.window_changed = self.stream.drain_wanted = True
        waiting = self.leases.where(lambda lease: lease.state is WAITING)
        running = self.leases.where(lambda lease: lease.state in (OFFERED, STARTED))
        for handle in waiting:
            self.give_back(handle)
        self.withdraw([])
        if running:
            self.actions.append(CancelJobs(running, "the executor is stopping"))

    def begin_stop_without_server(self, result: Status, now: float) -> None:
        """The server takes nothing more: what is not recorded is lost."""
        self.without_server = True
        self.reconnect_at = NEVER
        if self.leaving:
            self.result = result
        else:
            self.begin_stop(result, now)
        self.lose_outcomes("no server takes it")

    def check_deadlines(self, now: float) -> None:
        if self.phase is Phase.CLOSING and now >= self.close_deadline:
            self.cancel_stream_now()
            self.end(self.result)
            return
        if self.phase is not Phase.STOPPING:
            return
        if now >= self.grace_deadline:
            self._abandon_handlers()
        if now >= self.record_deadline and len(self.leases) > 0:
            unrecorded = len(self.leases)
            self.lose_outcomes("it was not recorded in time")
            self.cancel_stream_now()
            self.end(
                Status(
                    "DEADLINE_EXCEEDED",
                    f"{unrecorded} results were not recorded within "
                    f"{self.options.record_timeout:g} s after their handlers ended; their jobs "
                    "run again",
                )
            )

    def _abandon_handlers(self) -> None:
        self.grace_deadline = NEVER
        lost: List[int] = []
        abandoned = 0
        for handle, lease in self.leases.leases.items():
            if lease.state is ENDED:
                continue
            abandoned += 1
            self.log_job(WARNING, lease, "still runs after the grace period: it is given back")
            if lease.state is LOST or self.without_server:
                lost.append(handle)
                continue
            lease.state = ENDED
            release = Outcome()
            release.release.delay.FromMilliseconds(
                round(self.options.interrupted_job_delay * 1000)
            )
            self.outbox.add(handle, lease.token, release)
        for handle in lost:
            self.leases.erase(handle)
        if abandoned > 0 and self.result.code == "OK":
            self.result = Status(
                "DEADLINE_EXCEEDED",
                f"{abandoned} handlers ignored their cancellation for "
                f"{self.options.grace_period:g} s and still run: end the process",
            )

    def check_left(self, now: float) -> None:
        if self.phase is not Phase.STOPPING:
            return
        if self.record_deadline == NEVER and not self.leases.any_not_ended():
            self.record_deadline = now + self.options.record_timeout
        if len(self.leases) > 0:
            return
        stream = self.stream
        if not stream.open:
            self.cancel_stream_now()
            self.end(self.result)
            return
        if stream.writing or stream.window_changed or stream.drain_wanted or stream.released:
            return
        self.phase = Phase.CLOSING
        self.grace_deadline = self.record_deadline = NEVER
        self.close_deadline = now + _CLOSE_TIMEOUT
        self.actions.append(CloseStream(stream.id))

    def lose_outcomes(self, reason: str) -> None:
        for handle in self.leases.where(lambda lease: lease.state is ENDED):
            lease = self.leases.leases[handle]
            self.log_job(WARNING, lease, f"its result is lost: {reason}")
            self.leases.erase(handle)
        self.outbox = OutcomeOutbox()

    def end(self, result: Status) -> None:
        self.phase = Phase.ENDED
        self.actions.append(EndSession(result))

    def cancel_stream_now(self) -> None:
        if self.stream.id:
            self.actions.append(CancelStream(self.stream.id))
        self.forget_stream()

    def forget_stream(self) -> None:
        self.stream = Stream()
        # Handlers do not begin without a stream: the server may take their jobs back meanwhile.
        self.withdraw([])
