"""SessionMachine: which frame goes next."""
from leasehold._session.leases import STARTED
from leasehold._session.machine_streams import StreamRules
from leasehold._session.state import Phase
from leasehold._session.types import NEVER, LeaseJobsRequest, RunJobs, Status, WriteFrame

# Keeps receipts and heartbeats from waiting behind one long frame.
_MAX_FRAME_BYTES = 1 << 20


class WriteRules(StreamRules):
    def flush(self, now: float) -> None:
        if self.phase is Phase.ENDED:
            return
        if self.idle and self.options.once and not len(self.leases) and not self.leaving:
            self.begin_stop(Status(), now)
        if self.prefetch.adapt(now) and self.stream.open:
            if not self.leaving and not self.paused:
                self.stream.window_changed = True
        if self.stream.open and not self.stream.writing and self.phase is not Phase.CLOSING:
            self._write_next(now)
        self.offer_more()
        if self.stream.open and self.offered < self.options.concurrency:
            self.prefetch.handlers_ran_dry()
        self.check_left(now)

    def _write_next(self, now: float) -> bool:
        if self._write_window_or_drain(now) or self._write_released(now):
            return True
        # Outcomes go first, since most jobs end before their start is told; but only once, so
        # that the start of a long one is told under any load.
        if self.stream.started_first and self._write_started(now):
            return True
        if self._write_outcomes(now):
            self.stream.started_first = bool(self.stream.started)
            return True
        return self._write_started(now) or self._write_heartbeat(now)

    def _write_window_or_drain(self, now: float) -> bool:
        stream = self.stream
        if not stream.window_changed and not stream.drain_wanted:
            return False
        frame = LeaseJobsRequest()
        if stream.window_changed:
            stream.window_changed = False
            frame.window.jobs = self.window()
            frame.window.SetInParent()
        else:
            stream.drain_wanted = False
            frame.drain.SetInParent()
        self._write(frame, now)
        return True

    def _write_released(self, now: float) -> bool:
        if not self.stream.released:
            return False
        frame = LeaseJobsRequest()
        frame.release.lease_tokens.extend(self.stream.released)
        self.stream.released = []
        self._write(frame, now)
        return True

    def _write_started(self, now: float) -> bool:
        stream = self.stream
        stream.started_first = False
        free = 0 if self.leaving else max(0, self.options.concurrency - self.offered)
        if not stream.started and (free == 0 or not self.leases.any_waiting()):
            return False
        tokens = []
        for handle in stream.started:
            lease = self.leases.find(handle)
            if lease is not None and lease.state is STARTED:
                lease.announced = True
                tokens.append(lease.token)
        stream.started = []
        handles, leases = self.leases.take_waiting(STARTED, free)
        for lease in leases:
            lease.announced = True
            tokens.append(lease.token)
        self.offered += len(handles)
        if not tokens:
            return False
        frame = LeaseJobsRequest()
        frame.started.lease_tokens.extend(tokens)
        self._write(frame, now)
        if handles:
            self.actions.append(RunJobs(handles, [lease.job for lease in leases], True))
        return True

    def _write_outcomes(self, now: float) -> bool:
        bound = _MAX_FRAME_BYTES
        if self.frame_limit > 0:
            bound = min(bound, self.frame_limit // 2)
        frame = self.outbox.next_frame(bound)
        if frame is None:
            return False
        self._write(frame, now)
        return True

    def _write_heartbeat(self, now: float) -> bool:
        stream = self.stream
        if not stream.reply_wanted and now < stream.receipt_due and now < self.next_heartbeat():
            return False
        frame = LeaseJobsRequest()
        frame.heartbeat.SetInParent()
        self._write(frame, now)
        return True

    def _write(self, frame: LeaseJobsRequest, now: float) -> None:
        stream = self.stream
        frame.received_sequence = stream.received_sequence
        stream.acknowledged_sequence = stream.received_sequence
        stream.receipt_due = NEVER
        stream.reply_wanted = False
        stream.last_written = now
        stream.writing = True
        self.actions.append(WriteFrame(stream.id, frame))

    def next_heartbeat(self) -> float:
        return self.stream.last_written + 0.95 * self.heartbeat_interval
