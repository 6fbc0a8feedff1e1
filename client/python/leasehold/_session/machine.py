"""SessionMachine: what happens."""
from typing import List, Sequence

from leasehold._session.leases import LOST, OFFERED, STARTED
from leasehold._session.machine_writes import WriteRules
from leasehold._session.state import Phase
from leasehold._session.types import (
    NEVER,
    Action,
    FinishedJob,
    LeaseJobsResponse,
    Status,
)


class SessionMachine(WriteRules):
    """Decides everything in an executor's session: when to connect and where, what to write,
    which jobs may start, what becomes of their outcomes, when all is over.

    It has no I/O, clock or thread: it is told what happened and at what time, and asks for
    actions, to be taken and carried out in order after each event. The same events, times and
    random numbers always ask for the same actions.

    Its promises: a handler starts only on an open stream, after the receipt of its job was sent;
    and every outcome is either recorded by the server or logged as lost.
    """

    # --- Events ---

    def start(self, now: float) -> None:
        self.last_contact = now
        self.connect(now)

    def on_frame(self, stream: int, frame: LeaseJobsResponse, now: float) -> None:
        if stream != self.stream.id or self.phase is Phase.CLOSING:
            return
        self.stream.last_heard = self.last_contact = now
        if frame.epoch and frame.epoch < self.epoch:
            self.on_old_epoch(frame, now)
            return
        self.epoch = max(self.epoch, frame.epoch)
        kind = frame.WhichOneof("frame")
        # `opened` comes first, and once.
        if self.stream.open == (kind == "opened"):
            return
        self._on_kind(kind, frame, now)
        self.flush(now)

    def _on_kind(self, kind: "str | None", frame: LeaseJobsResponse, now: float) -> None:
        if kind == "jobs":
            self.on_jobs(frame.jobs, now)
        elif kind == "recorded":
            self.on_recorded(frame.recorded)
        elif kind == "heartbeat":
            # Ours goes along: one wake-up for both, here and at the server.
            half = self.stream.last_written + self.heartbeat_interval / 2
            if frame.heartbeat.reply or now >= half:
                self.stream.reply_wanted = True
        elif kind == "opened":
            self.on_opened(frame.opened, now)
        elif kind == "recall":
            self.on_recall(frame.recall)
        elif kind == "cancel":
            self.on_cancel(frame.cancel)
        elif kind == "revoke":
            self.on_revoke(frame.revoke)
        elif kind == "handover":
            self.reconnect.prefer(list(frame.handover.addresses))
            self.connect_again(now)
        elif kind == "idle":
            self.idle = True

    def on_written(self, stream: int, now: float) -> None:
        """The write asked for last is done: the next one may follow."""
        if stream == self.stream.id:
            self.stream.writing = False
            self.flush(now)

    def on_stream_ended(self, stream: int, end: Status, now: float) -> None:
        if stream == self.stream.id and self.phase is not Phase.ENDED:
            self.stream_ended(end, now)
            self.flush(now)

    def on_handlers(
        self, started: Sequence[int], finished: Sequence[FinishedJob], now: float
    ) -> None:
        """What handlers have begun and ended since the last call.

        A job that did both need not be in `started`.
        """
        for handle in started:
            lease = self.leases.find(handle)
            if lease is not None and lease.state is OFFERED:
                lease.state = STARTED
                self.stream.started.append(handle)
        self.offered -= len(finished)
        self.prefetch.ended(len(finished))
        for one in finished:
            self.finish(one)
        self.flush(now)

    def on_withdrawn(self, handles: Sequence[int], now: float) -> None:
        """The answer to WithdrawJobs: the jobs that no handler will run, in their order."""
        self.offered -= len(handles)
        again: List[int] = []
        for handle in handles:
            lease = self.leases.find(handle)
            if lease is None:
                continue
            if lease.state is LOST:
                self.leases.erase(handle)
            elif lease.state not in (OFFERED, STARTED):
                # It was given back at the end of the grace period.
                continue
            elif self.leaving or lease.recalled:
                self.give_back(handle)
            else:
                again.append(handle)
        self.leases.wait_again(again)
        self.flush(now)

    def set_tasks(self, tasks: Sequence[str], now: float) -> None:
        """Resumes the session under the new list; without any task it pauses."""
        if list(tasks) == self.options.tasks and not self.paused:
            return
        self.paused = not tasks
        if tasks:
            self.options.tasks = list(tasks)
        if self.leaving or not self.stream.id:
            return
        self.cancel_stream_now()
        self.connect(now)

    def stop(self, now: float) -> None:
        if not self.leaving:
            self.begin_stop(Status(), now)
            self.flush(now)

    def on_tick(self, now: float) -> None:
        """The time that next_tick named has come, or any other."""
        self.check_deadlines(now)
        if self.phase is Phase.ENDED:
            return
        self.check_contact(now)
        if not self.stream.id and now >= self.reconnect_at:
            self.connect(now)
        self.flush(now)

    # --- What follows ---

    def take_actions(self) -> List[Action]:
        actions, self.actions = self.actions, []
        return actions

    def next_tick(self) -> float:
        if self.phase is Phase.ENDED:
            return NEVER
        if self.phase is Phase.CLOSING:
            return self.close_deadline
        stream = self.stream
        soonest = min(self.reconnect_at, self.grace_deadline, self.record_deadline)
        if self.without_server:
            return soonest
        if not stream.open:
            soonest = min(soonest, self.last_contact + self.options.give_up_after)
            if stream.id:
                soonest = min(soonest, stream.open_deadline)
            return soonest
        soonest = min(soonest, stream.last_heard + 2 * self.heartbeat_interval)
        if not stream.writing:
            soonest = min(soonest, stream.receipt_due, self.next_heartbeat())
        return soonest

    @property
    def writing(self) -> bool:
        """While true, nothing that handlers report can be sent: it may be collected."""
        return self.stream.open and self.stream.writing
