"""A session machine between a server and handlers that do what the test says.

The job "7" has the token "t7". Writes succeed at once unless hold_writes is set.
"""
from collections import deque

import pytest

from leasehold._proto.executor_service_pb2 import LeaseJobsResponse, Outcome
from leasehold._session import types
from leasehold._session.machine import SessionMachine
from leasehold._session.types import SessionOptions, Status

LEVELS = {10: "debug", 20: "info", 30: "warning", 40: "error"}


def options(**more):
    """Two handlers, two jobs prefetched, one address."""
    values = {"executor_name": "test", "addresses": ["one:1"], "tasks": ["hello"],
              "concurrency": 2, "prefetch": 2, **more}
    return SessionOptions(**values)


def describe_outcome(outcome):
    if outcome.WhichOneof("result") == "release" and outcome.release.HasField("delay"):
        return f"release+{outcome.release.delay.seconds}s"
    return outcome.WhichOneof("result")


def describe(frame):
    kind = frame.WhichOneof("frame")
    if kind == "window":
        return f"window {frame.window.jobs}"
    if kind in ("started", "release"):
        return " ".join([kind, *getattr(frame, kind).lease_tokens])
    if kind == "outcomes":
        ends = [f"{o.lease_token}:{describe_outcome(o)}" for o in frame.outcomes.outcomes]
        return " ".join([f"outcomes #{frame.outcomes.sequence}", *ends])
    return kind


class Machine:
    def __init__(self):
        self.now = 3600.0
        self.random = 0.5
        self.hold_writes = False
        # Withdrawals are answered at once unless it is set.
        self.hold_withdrawals = False
        self.stream = 0
        self.address = None
        self.opening = None
        self.streams_opened = 0
        self.cancelled_streams = set()
        self.closed = False
        self.ended = None
        self.acknowledged = 0
        self.machine = None
        self.frames = []
        self._writing = False
        self._jobs_sequence = 0
        self._sent, self._logged = [], []
        self._offered, self._running, self._tokens = deque(), {}, {}
        self._withdrawals = []
        self._cancelled = set()

    def start(self, **more):
        self.machine = SessionMachine(options(**more), lambda: self.random)
        self.machine.start(self.now)
        self.perform()

    def open(self, **more):
        """start, and the server opens a new session."""
        self.start(**more)
        self.deliver(self.opened())
        self.sent()
        self.logged()

    # --- The server ---

    def opened(self, resumed=(), lost=(), **more):
        opened = LeaseJobsResponse.Opened(
            session_id=f"session {self.stream}", executor_id="test-1", resumed_tokens=resumed,
            lost_tokens=lost, **more)
        opened.heartbeat_interval.seconds = 5
        opened.session_timeout.seconds = 30
        return LeaseJobsResponse(opened=opened)

    def resumed(self, resumed=(), lost=()):
        """As opened, for the session that it opened before."""
        frame = self.opened(resumed, lost)
        frame.opened.session_id = self.opening.session_id
        frame.opened.resumed = True
        return frame

    def deliver(self, frame=None, stream=None, **kind):
        frame = frame if frame is not None else LeaseJobsResponse(**kind)
        self.machine.on_frame(stream or self.stream, frame, self.now)
        self.perform()

    def deliver_jobs(self, *ids, epoch=0):
        self._jobs_sequence += 1
        jobs = LeaseJobsResponse.Jobs(sequence=self._jobs_sequence)
        for job_id in ids:
            jobs.jobs.add(id=job_id, lease_token="t" + job_id, task="hello", attempt=1)
        self.deliver(jobs=jobs, epoch=epoch)

    def deliver_recorded(self, sequence, refused_token=None, reason=""):
        recorded = LeaseJobsResponse.Recorded(sequence=sequence)
        if refused_token:
            code = 9 if reason == "LEASE_LOST" else 3
            recorded.results.add(lease_token=refused_token, code=code, reason=reason)
        self.deliver(recorded=recorded)

    def ask_for_receipt(self):
        self.deliver(heartbeat=LeaseJobsResponse.Heartbeat(reply=True))

    def deliver_heartbeat(self):
        self.deliver(heartbeat=LeaseJobsResponse.Heartbeat())

    def recall(self, *tokens):
        self.deliver(recall=LeaseJobsResponse.Recall(lease_tokens=tokens))

    def cancel(self, *tokens):
        self.deliver(cancel=LeaseJobsResponse.Cancel(lease_tokens=tokens))

    def revoke(self, *tokens):
        self.deliver(revoke=LeaseJobsResponse.Revoke(lease_tokens=tokens, reason="swept"))

    def hand_over(self, *addresses):
        self.deliver(handover=LeaseJobsResponse.Handover(addresses=addresses))

    def end_stream(self, code="UNAVAILABLE", message="gone", retry_after=None):
        self.machine.on_stream_ended(
            self.stream, Status(code, message, retry_after=retry_after), self.now)
        self.perform()

    # --- Handlers ---

    def begin(self, job_id):
        """A handler takes the job."""
        held = [held for held in self._offered if held[1] == "t" + job_id]
        assert held, f"job {job_id} was not offered"
        handle, token, announced = held[0]
        self._offered.remove(held[0])
        self._running[token] = handle
        if not announced:
            self.machine.on_handlers([handle], [], self.now)
            self.perform()

    def finish(self, job_id, error=None):
        handle = self._running.pop("t" + job_id)
        outcome = None
        if error is not None:
            outcome = Outcome()
            outcome.fail.error = error
        self.machine.on_handlers([], [(handle, outcome)], self.now)
        self.perform()

    def run_through(self, *ids):
        for job_id in ids:
            self.begin(job_id)
            self.finish(job_id)

    def answer_withdrawals(self):
        while self._withdrawals:
            wanted = self._withdrawals.pop(0)
            taken = [h for h in self._offered if not wanted or h[0] in wanted]
            self._offered = deque(h for h in self._offered if h not in taken)
            self.machine.on_withdrawn([handle for handle, _, _ in taken], self.now)
        self.perform()

    # --- Time ---

    def pass_time(self, seconds):
        self.now += seconds
        self.machine.on_tick(self.now)
        self.perform()

    def pass_to_next_tick(self):
        """As far as the machine asked to be told."""
        assert self.machine.next_tick() != float("inf")
        self.pass_time(max(0.0, self.machine.next_tick() - self.now))

    def finish_write(self):
        assert self._writing
        self._writing = False
        self.machine.on_written(self.stream, self.now)
        self.perform()

    # --- What was seen since the last call ---

    def sent(self):
        sent, self._sent = self._sent, []
        return sent

    def logged(self):
        logged, self._logged = self._logged, []
        return logged

    # --- What is the case ---

    @property
    def offered(self):
        return [token[1:] for _, token, _ in self._offered]

    def was_cancelled(self, job_id):
        return "t" + job_id in self._cancelled

    # --- Actions ---

    def perform(self):
        while True:
            actions = self.machine.take_actions()
            if not actions and (not self._writing or self.hold_writes):
                return
            if not actions:
                self._writing = False
                self.machine.on_written(self.stream, self.now)
            for action in actions:
                assert self.ended is None, "an action after the end"
                self._do(action)

    def _do(self, action):
        if isinstance(action, types.OpenStream):
            self.streams_opened += 1
            self.stream, self.address = action.stream, action.address
            self.opening = action.open.open
            self._jobs_sequence = self.acknowledged = 0
            self._writing = True
        elif isinstance(action, types.WriteFrame):
            assert not self._writing, "two writes at once"
            assert action.stream == self.stream
            assert not self.closed, "a frame after the last one"
            self._writing = True
            self.acknowledged = action.frame.received_sequence
            self.frames.append(action.frame)
            self._sent.append(describe(action.frame))
        elif isinstance(action, types.CloseStream):
            self.closed = True
        elif isinstance(action, types.CancelStream):
            self.cancelled_streams.add(action.stream)
            self._writing = False
        elif isinstance(action, types.RunJobs):
            for handle, job in zip(action.handles, action.jobs):
                self._tokens[handle] = job.lease_token
                self._offered.append((handle, job.lease_token, action.announced))
        elif isinstance(action, types.WithdrawJobs):
            self._withdrawals.append(list(action.handles))
            if not self.hold_withdrawals:
                self.answer_withdrawals()
        elif isinstance(action, types.CancelJobs):
            self._cancelled |= {self._tokens[handle] for handle in action.handles}
        elif isinstance(action, types.WriteLog):
            of = f"[{action.job_id}] " if action.job_id else ""
            self._logged.append(f"{LEVELS[action.level]} {of}{action.message}")
        else:
            self.ended = action.status


@pytest.fixture(name="session")
def make_session():
    return Machine()
