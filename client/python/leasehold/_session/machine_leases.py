"""SessionMachine: jobs, and what becomes of them."""
from typing import List, Optional, Sequence

from leasehold._session.leases import ENDED, LOST, OFFERED, STARTED, WAITING, Lease
from leasehold._session.state import MachineState
from leasehold._session.types import (
    INFO,
    WARNING,
    CancelJobs,
    FinishedJob,
    LeaseJobsResponse,
    Outcome,
    RunJobs,
)

# docs/protocol.md allows 100 ms.
_RECEIPT_DELAY = 0.05


def describe(outcome: Optional[Outcome]) -> str:
    kind = outcome.WhichOneof("result") if outcome is not None else "complete"
    if outcome is not None and kind == "fail":
        return f"fail ({outcome.fail.error})"
    return kind or "complete"


class LeaseRules(MachineState):
    def on_jobs(self, jobs: LeaseJobsResponse.Jobs, now: float) -> None:
        self.idle = False
        self.stream.received_sequence = jobs.sequence
        self.stream.receipt_due = min(self.stream.receipt_due, now + _RECEIPT_DELAY)
        for job in jobs.jobs:
            if self.leases.holds(job.lease_token):
                # It was on its way when the stream before ended, and is here already.
                continue
            handle = self.leases.add(job)
            if self.leaving:
                self.give_back(handle)
        self.prefetch.came(len(self.leases) - len(self.outbox) >= self.window() // 2)

    def on_recorded(self, recorded: LeaseJobsResponse.Recorded) -> None:
        frame = self.outbox.recorded(recorded.sequence)
        if frame is None:
            return
        self.ahead = min(self.prefetch.jobs, max(1, 2 * self.ahead))
        refused = {result.lease_token: result for result in recorded.results if result.code != 0}
        if not refused:
            for handle in frame.handles:
                self.leases.erase(handle)
            return
        for handle, outcome in zip(frame.handles, frame.message.outcomes.outcomes):
            result = refused.get(outcome.lease_token)
            if result is None:
                self.leases.erase(handle)
            else:
                self._on_refused(handle, outcome, result.reason, result.message)

    def _on_refused(self, handle: int, outcome: Outcome, reason: str, message: str) -> None:
        lease = self.leases.leases[handle]
        self.log_job(
            WARNING,
            lease,
            f"its result does not count: {describe(outcome)}; {reason} {message}".rstrip(),
        )
        if reason != "INVALID_OUTCOME" or lease.refused:
            self.leases.erase(handle)
            return
        # The server still waits for a result: this one it can take.
        lease.refused = True
        plain = Outcome()
        plain.fail.error = f"the server refused the result: {message}"
        self.outbox.add(handle, lease.token, plain)

    def on_recall(self, recall: LeaseJobsResponse.Recall) -> None:
        offered: List[int] = []
        for handle in self.leases.find_tokens(recall.lease_tokens):
            lease = self.leases.leases[handle]
            if lease.state is WAITING:
                self.give_back(handle)
            elif lease.state is OFFERED:
                lease.recalled = True
                offered.append(handle)
        if offered:
            self.withdraw(offered)

    def on_cancel(self, cancel: LeaseJobsResponse.Cancel) -> None:
        running: List[int] = []
        for handle in self.leases.find_tokens(cancel.lease_tokens):
            lease = self.leases.leases[handle]
            if lease.state is WAITING:
                self.give_back(handle)
            elif lease.state in (OFFERED, STARTED):
                # If no handler has begun, it goes back too.
                lease.recalled = True
                running.append(handle)
        if running:
            self._withdraw_or_cancel(running, cancel.reason or "somebody asked for it")

    def on_revoke(self, revoke: LeaseJobsResponse.Revoke) -> None:
        handles = self.leases.find_tokens(revoke.lease_tokens)
        self.lose(handles, revoke.reason or "the lease was lost")

    def finish(self, finished: FinishedJob) -> None:
        handle, outcome = finished
        lease = self.leases.find(handle)
        if lease is None or lease.state is ENDED:
            self.log(
                WARNING,
                "a handler ended after its job was given back; its result does not count: "
                + describe(outcome),
            )
            return
        if lease.state is LOST or self.without_server:
            self.log_job(
                WARNING,
                lease,
                f"the lease is lost; its result does not count: {describe(outcome)}",
            )
            self.leases.erase(handle)
            return
        lease.state = ENDED
        if outcome is not None and 0 < self.payload_limit < len(outcome.fail.payload.encode()):
            # A frame beyond the server's limit would end every stream that carries it.
            size = len(outcome.fail.payload.encode())
            outcome.fail.error += (
                f" (and its new payload of {size} bytes is over the limit of "
                f"{self.payload_limit}: the old one stays)"
            )
            outcome.fail.ClearField("payload")
        self.outbox.add(handle, lease.token, outcome)

    def lose(self, handles: Sequence[int], reason: str) -> None:
        running: List[int] = []
        for handle in handles:
            lease = self.leases.leases[handle]
            if lease.state is WAITING:
                self.log_job(INFO, lease, f"taken back before it started: {reason}")
                self.leases.erase(handle)
            elif lease.state in (OFFERED, STARTED):
                lease.state = LOST
                running.append(handle)
            elif lease.state is ENDED:
                self._lose_outcome(handle, lease, reason)
        if running:
            self._withdraw_or_cancel(running, reason)

    def _withdraw_or_cancel(self, handles: Sequence[int], reason: str) -> None:
        # In this order: a handler that took a job between the two would never be told.
        self.withdraw(handles)
        self.actions.append(CancelJobs(handles, reason))

    def _lose_outcome(self, handle: int, lease: Lease, reason: str) -> None:
        # One that was sent may have been recorded: the server's answer to it will tell.
        unsent = self.outbox.take_unsent(handle)
        if unsent is None:
            return
        text = f"{reason}; its result does not count: {describe(unsent[1])}"
        self.log_job(WARNING, lease, text)
        self.leases.erase(handle)

    def give_back(self, handle: int) -> None:
        lease = self.leases.leases[handle]
        if lease.announced and not self.without_server:
            # The server has counted it as running: only an outcome ends that.
            lease.state = ENDED
            release = Outcome()
            release.release.SetInParent()
            self.outbox.add(handle, lease.token, release)
            return
        # Without a stream it is enough not to name it when the session resumes.
        if self.stream.id:
            self.stream.released.append(lease.token)
        self.leases.erase(handle)

    def offer_more(self) -> None:
        """Jobs for which a handler is free are announced as started before they are handed over
        (write_started), so that the server knows whom to suspect when this process dies at once.
        Beyond these, handlers get jobs ahead, to go on without waiting for a write; how many
        grows with each record, from none: a process that always dies before its first record
        dies of a job that was announced.
        """
        stream = self.stream
        acknowledged = stream.acknowledged_sequence == stream.received_sequence
        if not stream.open or not acknowledged or self.leaving or self.ahead == 0:
            return
        most = self.options.concurrency + self.ahead - self.offered
        handles, leases = self.leases.take_waiting(OFFERED, most)
        if handles:
            self.offered += len(handles)
            self.actions.append(RunJobs(handles, [lease.job for lease in leases], False))
