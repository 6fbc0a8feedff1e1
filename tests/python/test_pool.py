"""The handlers of one executor, and the jobs that wait for them; without a session."""
import asyncio
import random
import threading

import pytest
from server_fixture import PATIENCE, wait_until

from leasehold._pool import HandlerPool
from leasehold._proto.executor_service_pb2 import LeasedJob, Outcome


class Handlers:
    """A pool whose jobs wait until the test lets them end: the job 7 has the handle 7."""

    def __init__(self, concurrency=2):
        self.may_start = True
        self.told = threading.Semaphore(0)
        self.begun, self.reasons = [], {}
        self._gates = {}
        self.pool = HandlerPool(concurrency, lambda task: task == "async", self._run,
                                self._run_async, self.told.release, lambda: self.may_start)

    def add(self, *handles, task="plain", announced=True):
        for handle in handles:
            self._gates[handle] = threading.Event()
        jobs = [LeasedJob(id=str(handle), task=task) for handle in handles]
        self.pool.run(list(handles), jobs, announced)

    def let_end(self, *handles):
        for handle in handles:
            self._gates[handle].set()

    def await_begun(self, *handles):
        wait_until(lambda: self.begun == list(handles), f"{handles} to begin, not {self.begun}")

    def await_finished(self, *handles):
        """What the pool reports, until it has reported these."""
        finished = {}
        while set(finished) != set(handles):
            news = self.pool.collect()
            finished.update(news[1])
            if news == ([], []):
                assert self.told.acquire(timeout=PATIENCE)
        return finished

    def _run(self, job, cancellation):
        handle = int(job.id)
        self.begun.append(handle)
        while not self._gates[handle].wait(0.01):
            self.reasons[handle] = cancellation.reason
        return None if handle % 2 else Outcome(release=Outcome.Release())

    async def _run_async(self, job, cancellation):
        handle = int(job.id)
        self.begun.append(handle)
        while not self._gates[handle].is_set():
            await asyncio.sleep(0.001)
        return None


@pytest.fixture(name="handlers")
def make_handlers():
    handlers = Handlers()
    yield handlers
    handlers.pool.close()


def test_runs_so_many_at_once_and_the_others_in_their_order(handlers):
    handlers.add(1, 2, 3, 4)
    handlers.await_begun(1, 2)
    handlers.let_end(2)
    handlers.await_begun(1, 2, 3)
    handlers.let_end(3)
    handlers.await_begun(1, 2, 3, 4)
    handlers.let_end(1, 4)
    finished = handlers.await_finished(1, 2, 3, 4)
    assert finished[1] is None and finished[3] is None
    assert finished[2].HasField("release")


def test_gives_slots_to_coroutines_and_back(handlers):
    handlers.add(1, 2, task="async")
    handlers.add(3)
    handlers.await_begun(1, 2)
    handlers.let_end(1)
    handlers.await_begun(1, 2, 3)
    handlers.add(4, task="async")
    handlers.let_end(3)
    handlers.await_begun(1, 2, 3, 4)
    handlers.let_end(2, 4)
    assert set(handlers.await_finished(1, 2, 3, 4)) == {1, 2, 3, 4}


def test_reports_the_start_of_jobs_that_were_not_announced(handlers):
    handlers.add(1, announced=True)
    handlers.add(2, 3, announced=False)
    handlers.await_begun(1, 2)
    assert handlers.pool.collect() == ([2], [])


def test_tells_once_of_news_after_it_was_asked_in_vain(handlers):
    handlers.add(1, 3)
    handlers.await_begun(1, 3)
    assert handlers.pool.collect() == ([], [])
    handlers.let_end(1, 3)
    assert handlers.told.acquire(timeout=PATIENCE)
    wait_until(lambda: handlers.pool.running() == 0, "both to end")
    assert not handlers.told.acquire(blocking=False)
    assert sorted(handlers.pool.collect()[1]) == [(1, None), (3, None)]


def test_gives_back_what_no_handler_has_taken(handlers):
    handlers.add(1, 2, 3, 4, 5)
    handlers.await_begun(1, 2)
    assert handlers.pool.withdraw([2, 4, 9]) == [4]
    assert handlers.pool.withdraw([]) == [3, 5]
    assert handlers.pool.withdraw([]) == []


def test_starts_nothing_while_it_may_not(handlers):
    handlers.add(1, 2)
    handlers.await_begun(1, 2)
    handlers.may_start = False
    handlers.add(3)
    handlers.let_end(1, 2)
    assert set(handlers.await_finished(1, 2)) == {1, 2}
    assert handlers.pool.withdraw([]) == [3]
    handlers.add(5)
    handlers.may_start = True
    handlers.pool.run([], [], False)
    handlers.await_begun(1, 2, 5)


def test_tells_those_that_run_of_their_cancellation(handlers):
    handlers.add(1, 2, 3)
    handlers.await_begun(1, 2)
    handlers.pool.cancel([2, 3, 9], "enough")
    wait_until(lambda: handlers.reasons.get(2) == "enough", "the reason")
    assert handlers.reasons.get(1) in (None, "")


def test_ends_its_threads_when_it_is_closed(handlers):
    before = set(threading.enumerate())
    handlers.add(1, 2)
    handlers.add(4, task="async")
    handlers.let_end(1, 2, 4)
    handlers.await_finished(1, 2, 4)
    ours = set(threading.enumerate()) - before
    assert len(ours) == 3
    handlers.pool.close()
    wait_until(lambda: not any(thread.is_alive() for thread in ours), "the threads to end")


@pytest.mark.parametrize("seed", range(5))
def test_runs_each_job_once_whatever_comes_between(seed):
    chance = random.Random(seed)
    ran, lock = [], threading.Lock()

    def run(job, cancellation):
        with lock:
            ran.append(int(job.id))

    async def run_async(job, cancellation):
        run(job, cancellation)
        await asyncio.sleep(0)

    told = threading.Semaphore(0)
    pool = HandlerPool(3, lambda task: task == "async", run, run_async, told.release,
                       lambda: True)
    expected, finished, handle = set(), [], 0
    for _ in range(300):
        handles = list(range(handle, handle + chance.randrange(6)))
        handle += len(handles)
        expected |= set(handles)
        jobs = [LeasedJob(id=str(h), task=chance.choice(["plain", "async"])) for h in handles]
        pool.run(handles, jobs, chance.random() < 0.5)
        if chance.random() < 0.1:
            expected -= set(pool.withdraw([]))
    while len(finished) < len(expected):
        news = pool.collect()
        finished += [handle for handle, _ in news[1]]
        if news == ([], []):
            assert told.acquire(timeout=PATIENCE)
    pool.close()
    assert sorted(ran) == sorted(finished) == sorted(expected)
