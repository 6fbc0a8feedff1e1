"""The server's side of one executor's session, as the protocol has it, with the faults that it may
show at any time. It has a number of jobs, each to be completed once; a leased job has its token as
its id.
"""
from collections import deque

from leasehold._proto.executor_service_pb2 import LeaseJobsResponse


class SimulatedServer:
    def __init__(self, jobs, random):
        self._jobs = jobs
        self._random = random
        self._ready = deque(range(jobs))
        # Of each token: [job, started].
        self._leases = {}
        self._connected = False
        self._epoch = 1
        self._session = ""
        self._sessions = self._tokens = self._window = 0
        self._jobs_sequence = self._last_sequence = 0
        self._completed = set()
        # Tokens whose outcomes were applied.
        self.ended = set()
        # Frames on their way to the executor.
        self.outbox = deque()

    def all_completed(self):
        return len(self._completed) == self._jobs

    def on_stream_broken(self):
        self._connected = False
        self.outbox.clear()

    def on_frame(self, frame):
        kind = frame.WhichOneof("frame")
        if kind == "open":
            self._on_open(frame.open)
            return
        assert self._connected
        if kind == "window":
            self._window = frame.window.jobs
        elif kind == "outcomes":
            self._on_outcomes(frame.outcomes)
        elif kind == "started":
            for token in frame.started.lease_tokens:
                if token in self._leases:
                    self._leases[token][1] = True
        elif kind == "release":
            for token in frame.release.lease_tokens:
                if token in self._leases:
                    assert not self._leases[token][1], "a started lease was released"
                    self._take_back(token)

    def send_jobs(self):
        frame = LeaseJobsResponse(epoch=self._epoch)
        while len(self._leases) < self._window and self._ready and self._connected:
            self._tokens += 1
            token = f"t{self._tokens}"
            self._leases[token] = [self._ready.popleft(), False]
            frame.jobs.jobs.add(id=token, lease_token=token)
        if frame.HasField("jobs"):
            self._jobs_sequence += 1
            frame.jobs.sequence = self._jobs_sequence
            self.outbox.append(frame)

    def send_heartbeat(self):
        heartbeat = LeaseJobsResponse.Heartbeat(reply=self._chance(0.3))
        self._send(heartbeat=heartbeat)

    def recall_some(self):
        tokens = [t for t, lease in self._leases.items() if not lease[1] and self._chance(0.3)]
        self._send(recall=LeaseJobsResponse.Recall(lease_tokens=tokens))

    def cancel_some(self):
        tokens = [token for token in self._leases if self._chance(0.2)]
        self._send(cancel=LeaseJobsResponse.Cancel(lease_tokens=tokens))

    def revoke_some(self):
        tokens = [token for token in self._leases if self._chance(0.2)]
        for token in tokens:
            self._take_back(token)
        self._send(revoke=LeaseJobsResponse.Revoke(lease_tokens=tokens), epoch=self._epoch)

    def forget(self):
        """The stream is broken: either the session times out, or another leader comes."""
        self._epoch += self._chance(0.5)
        self._session = ""
        if self._chance(0.5):
            for token in list(self._leases):
                self._take_back(token)

    def _chance(self, chance):
        return self._random.random() < chance

    def _send(self, **kind):
        if self._connected:
            self.outbox.append(LeaseJobsResponse(**kind))

    def _take_back(self, token):
        self._ready.appendleft(self._leases.pop(token)[0])

    def _on_open(self, opening):
        assert opening.epoch <= self._epoch
        self._connected = True
        self._jobs_sequence = 0
        self._window = opening.window.jobs
        opened = LeaseJobsResponse.Opened()
        opened.heartbeat_interval.seconds = 5
        opened.resumed = bool(self._session) and opening.session_id == self._session
        if not opened.resumed:
            self._sessions += 1
            self._session = f"session {self._sessions}"
            self._last_sequence = 0
        opened.session_id = self._session
        named = set(opening.held_tokens)
        assert len(named) == len(opening.held_tokens), "a token was named twice"
        for token in opening.held_tokens:
            known = token in self._leases
            (opened.resumed_tokens if known else opened.lost_tokens).append(token)
        for token in list(self._leases):
            if token not in named:
                self._take_back(token)
        self._send(opened=opened, epoch=self._epoch)

    def _on_outcomes(self, outcomes):
        assert outcomes.sequence <= self._last_sequence + 1
        self._last_sequence = max(self._last_sequence, outcomes.sequence)
        recorded = LeaseJobsResponse.Recorded(sequence=outcomes.sequence)
        for outcome in outcomes.outcomes:
            token = outcome.lease_token
            if token in self._leases:
                self.ended.add(token)
                if outcome.HasField("complete"):
                    job = self._leases.pop(token)[0]
                    assert job not in self._completed
                    self._completed.add(job)
                else:
                    self._take_back(token)
            elif token not in self.ended:
                recorded.results.add(lease_token=token, code=9, reason="LEASE_LOST")
        self._send(recorded=recorded)
