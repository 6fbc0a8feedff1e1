"""A session machine against a server that breaks streams, forgets sessions, changes leaders,
recalls, revokes and cancels at random, from a seed; and handlers at the other end of two pipes.
Whatever happens: no handler begins without an open stream, every job is completed in the end, and
each result is either applied by the server once or logged as lost, never both.
"""
import random
from collections import deque

import pytest
from machine_fixture import options
from simulated_server import SimulatedServer

from leasehold._proto.executor_service_pb2 import Outcome
from leasehold._session import types
from leasehold._session.machine import SessionMachine
from leasehold._session.types import Status

JOBS = 1000
STEPS = 3000


class Simulation:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.server = SimulatedServer(JOBS, self.random)
        self.machine = SessionMachine(
            options(addresses=["one:1", "two:2"], concurrency=3, prefetch=5), self.random.random)
        self.now = 0.0
        self.stream = 0
        # The machine has seen `opened`.
        self.open = False
        self.writing = False
        self.to_server = deque()
        # The pipes: actions one way, calls of the machine the other.
        self.to_handlers, self.to_machine = deque(), deque()
        # Of handlers: (handle, token, announced).
        self.waiting, self.running = deque(), []
        self.begun, self.logged = set(), set()
        self.finished = []
        self.ended = None

    def run(self):
        self.machine.start(self.now)
        self.perform()
        for _ in range(STEPS):
            self.step(faults=True)
        for _ in range(100 * STEPS):
            if self.server.all_completed():
                break
            self.step(faults=False)
        assert self.server.all_completed()
        self.machine.stop(self.now)
        self.perform()
        for _ in range(STEPS):
            self.step(faults=False)
        assert self.ended == Status()
        assert not self.running
        for token in self.finished:
            assert (token in self.server.ended) != (token in self.logged), token

    def chance(self, chance):
        return self.random.random() < chance

    def step(self, faults):
        if self.ended is not None:
            return
        self.now += self.random.randint(0, 200) / 1000
        if self.now >= self.machine.next_tick():
            self.machine.on_tick(self.now)
        self.perform()
        for chance, happens in (
                (0.6, self.deliver_to_server), (0.6, self.deliver_to_machine),
                (0.4, self.complete_write), (0.5, self.deliver_to_handlers),
                (0.5, self.begin_one), (0.3, self.finish_one), (0.5, self.deliver_news),
                (0.3, self.server.send_jobs), (0.1, self.server.send_heartbeat)):
            if self.chance(chance):
                happens()
        if faults:
            for chance, happens in (
                    (0.02, self.server.recall_some), (0.01, self.server.cancel_some),
                    (0.01, self.server.revoke_some), (0.02, self.break_stream)):
                if self.chance(chance):
                    happens()

    def deliver_to_server(self):
        if self.to_server:
            self.server.on_frame(self.to_server.popleft())

    def deliver_to_machine(self):
        if self.server.outbox:
            frame = self.server.outbox.popleft()
            self.open = self.open or frame.HasField("opened")
            self.machine.on_frame(self.stream, frame, self.now)
            self.perform()

    def complete_write(self):
        if self.writing:
            self.writing = False
            self.machine.on_written(self.stream, self.now)
            self.perform()

    # --- Handlers ---

    def deliver_to_handlers(self):
        if not self.to_handlers:
            return
        action = self.to_handlers.popleft()
        if isinstance(action, types.RunJobs):
            self.waiting.extend((handle, job.lease_token, action.announced)
                                for handle, job in zip(action.handles, action.jobs))
            return
        taken = [held for held in self.waiting
                 if not action.handles or held[0] in action.handles]
        self.waiting = deque(held for held in self.waiting if held not in taken)
        self.to_machine.append((self.machine.on_withdrawn, [held[0] for held in taken]))

    def begin_one(self):
        # The gate is closed while a withdrawal is on its way.
        withdrawn = any(isinstance(a, types.WithdrawJobs) for a in self.to_handlers)
        if not self.waiting or len(self.running) == 3 or withdrawn:
            return
        assert self.open, "a handler begins without a stream"
        held = self.waiting.popleft()
        assert held[1] not in self.begun, "one lease began twice"
        self.begun.add(held[1])
        self.running.append(held)
        if not held[2]:
            self.to_machine.append((self.machine.on_handlers, [held[0]], []))

    def finish_one(self):
        if not self.running:
            return
        handle, token, _ = self.running.pop(self.random.randrange(len(self.running)))
        outcome = None
        if self.chance(0.1):
            outcome = Outcome()
            outcome.fail.SetInParent()
        self.finished.append(token)
        self.to_machine.append((self.machine.on_handlers, [], [(handle, outcome)]))

    def deliver_news(self):
        if self.to_machine:
            call, *arguments = self.to_machine.popleft()
            call(*arguments, self.now)
            self.perform()

    # --- Streams ---

    def break_stream(self):
        self.drop_stream()
        status = Status("ABORTED" if self.chance(0.1) else "UNAVAILABLE", "broken")
        if self.chance(0.3):
            self.server.forget()
        self.machine.on_stream_ended(self.stream, status, self.now)
        self.perform()

    def drop_stream(self):
        self.to_server.clear()
        self.writing = self.open = False
        self.server.on_stream_broken()

    def perform(self):
        actions = self.machine.take_actions()
        while actions:
            for action in actions:
                self._do(action)
            actions = self.machine.take_actions()

    def _do(self, action):
        if isinstance(action, types.OpenStream):
            self.drop_stream()
            self.stream, self.writing = action.stream, True
            self._send(action.open)
        elif isinstance(action, types.WriteFrame):
            assert not self.writing
            assert action.stream == self.stream
            self.writing = True
            self._send(action.frame)
        elif isinstance(action, types.CancelStream):
            if action.stream == self.stream:
                self.drop_stream()
        elif isinstance(action, (types.RunJobs, types.WithdrawJobs)):
            assert self.open or isinstance(action, types.WithdrawJobs)
            self.to_handlers.append(action)
        elif isinstance(action, types.WriteLog) and "does not count" in action.message:
            assert action.job_id not in self.logged, f"{action.job_id} logged twice"
            self.logged.add(action.job_id)
        elif isinstance(action, types.EndSession):
            self.ended = action.status

    def _send(self, frame):
        # A copy: the machine goes on with its own.
        self.to_server.append(type(frame).FromString(frame.SerializeToString()))


@pytest.mark.parametrize("seed", range(1, 31))
def test_loses_no_result_in_silence(seed):
    Simulation(seed).run()
