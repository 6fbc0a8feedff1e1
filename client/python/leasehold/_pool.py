"""The handlers of one executor, and the jobs that wait for them."""
import asyncio
import threading
from collections import deque
from typing import Any, Callable, Coroutine, Deque, Dict, List, Optional, Sequence, Tuple

from leasehold._proto.executor_service_pb2 import LeasedJob, Outcome
from leasehold.cancellation import Cancellation

FinishedJob = Tuple[int, Optional[Outcome]]
# Runs a job to its end, whatever its handler raises; None: it is complete.
RunJob = Callable[[LeasedJob, Cancellation], Optional[Outcome]]
RunJobAsync = Callable[[LeasedJob, Cancellation], Coroutine[Any, Any, Optional[Outcome]]]
News = Tuple[List[int], List[FinishedJob]]

# Seconds; those that ignore it are dropped.
_CANCELLED_TASKS_END_WITHIN = 1.0


class _Held:
    """A job that a handler has or may take."""

    __slots__ = ("handle", "job", "announced", "cancellation")

    def __init__(self, handle: int, job: LeasedJob, announced: bool) -> None:
        self.handle = handle
        self.job = job
        self.announced = announced
        self.cancellation = Cancellation()


class HandlerPool:
    """Plain handlers run on threads, coroutines on one event loop of a thread of its own; at most
    `concurrency` of both at once. Threads are made when they are first needed.

    Whoever ends a job takes the next one from the common queue and leaves what happened in a
    common list: one lock a job, no switch of threads while there is work.

    `on_news` is called once after each collect() that found nothing. `may_start` says whether a
    handler may start now; when it may again, call run() with no jobs.
    """

    def __init__(
        self,
        concurrency: int,
        is_async: Callable[[str], bool],
        run: RunJob,
        run_async: RunJobAsync,
        on_news: Callable[[], None],
        may_start: Callable[[], bool],
    ) -> None:
        self._concurrency = concurrency
        self._is_async = is_async
        self._run = run
        self._run_async = run_async
        self._on_news = on_news
        self._may_start = may_start

        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._queue: Deque[_Held] = deque()
        # Taken, and given to a thread that has not come for it yet.
        self._ready: Deque[_Held] = deque()
        self._running: Dict[int, _Held] = {}
        self._started: List[int] = []
        self._finished: List[FinishedJob] = []
        self._news_wanted = False
        self._threads = 0
        self._idle_threads = 0
        self._closed = False
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._tasks: "set[asyncio.Task[None]]" = set()

    # --- From the session ---

    def run(self, handles: Sequence[int], jobs: Sequence[LeasedJob], announced: bool) -> None:
        with self._lock:
            for handle, job in zip(handles, jobs):
                self._queue.append(_Held(handle, job, announced))
            self._fill_slots()
        self._tell()

    def withdraw(self, handles: Sequence[int]) -> List[int]:
        """Takes those back that no handler has taken; `handles` empty: all of them."""
        with self._lock:
            if not handles:
                withdrawn = [held.handle for held in self._queue]
                self._queue.clear()
                return withdrawn
            wanted = set(handles)
            withdrawn = [held.handle for held in self._queue if held.handle in wanted]
            self._queue = deque(held for held in self._queue if held.handle not in wanted)
            return withdrawn

    def cancel(self, handles: Sequence[int], reason: str) -> None:
        with self._lock:
            running = [self._running[handle] for handle in handles if handle in self._running]
        # Without the lock: callbacks run.
        for held in running:
            held.cancellation._set(reason)

    def lose_all(self, reason: str) -> None:
        """The session is gone, and with it every lease."""
        self.withdraw([])
        with self._lock:
            running = list(self._running)
        self.cancel(running, reason)

    def collect(self) -> News:
        with self._lock:
            news = self._started, self._finished
            self._started, self._finished = [], []
            self._news_wanted = not news[0] and not news[1]
            return news

    def running(self) -> int:
        with self._lock:
            return len(self._running)

    def unreported(self) -> int:
        """Of jobs that handlers took: those that no collect() has told the end of yet."""
        with self._lock:
            return len(self._running) + len(self._finished)

    def close(self) -> None:
        """Threads that run no handler end; those that do end after it, without effect."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._work.notify_all()
            loop = self._loop
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._end_tasks(), loop)

    # --- Slots ---

    def _next(self) -> Optional[_Held]:
        """The job that has waited longest becomes running. With the lock."""
        if not self._queue or self._closed or not self._may_start():
            return None
        held = self._queue.popleft()
        self._running[held.handle] = held
        if not held.announced:
            self._started.append(held.handle)
        return held

    def _fill_slots(self) -> None:
        """With the lock."""
        coroutines: List[_Held] = []
        while len(self._running) < self._concurrency:
            held = self._next()
            if held is None:
                break
            if self._is_async(held.job.task):
                coroutines.append(held)
            else:
                self._give_to_thread(held)
        if coroutines:
            self._event_loop().call_soon_threadsafe(self._start_tasks, coroutines)

    def _give_to_thread(self, held: _Held) -> None:
        """With the lock."""
        self._ready.append(held)
        if len(self._ready) <= self._idle_threads or self._threads >= self._concurrency:
            self._work.notify()
            return
        self._threads += 1
        name = f"leasehold-handler-{self._threads}"
        threading.Thread(target=self._work_on, name=name, daemon=True).start()

    def _end(self, held: _Held, outcome: Optional[Outcome]) -> None:
        """With the lock."""
        if self._running.pop(held.handle, None) is not None:
            self._finished.append((held.handle, outcome))

    def _tell(self) -> None:
        if self._news_wanted and (self._started or self._finished):
            self._news_wanted = False
            self._on_news()

    # --- Threads ---

    def _work_on(self) -> None:
        held = self._await_work()
        while held is not None:
            outcome = self._run(held.job, held.cancellation)
            with self._lock:
                self._end(held, outcome)
                held = self._next_for_thread()
            self._tell()
            if held is None:
                held = self._await_work()

    def _next_for_thread(self) -> Optional[_Held]:
        """With the lock: the next job, if it is one for a thread; else others have it."""
        if len(self._running) >= self._concurrency:
            return None
        held = self._next()
        if held is not None and self._is_async(held.job.task):
            self._event_loop().call_soon_threadsafe(self._start_tasks, [held])
            return None
        return held

    def _await_work(self) -> Optional[_Held]:
        with self._lock:
            while not self._ready and not self._closed:
                self._idle_threads += 1
                self._work.wait()
                self._idle_threads -= 1
            return self._ready.popleft() if self._ready else None

    # --- The event loop ---

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        """With the lock."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._run_loop, name="leasehold-asyncio", daemon=True).start()
        return self._loop

    def _run_loop(self) -> None:
        loop = self._loop
        assert loop is not None
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CANCELLED_TASKS_END_WITHIN)
        asyncio.get_running_loop().stop()

    def _start_tasks(self, jobs: List[_Held]) -> None:
        loop = self._loop
        assert loop is not None
        for held in jobs:
            task = loop.create_task(self._work_async(held))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work_async(self, first: _Held) -> None:
        held: Optional[_Held] = first
        while held is not None:
            outcome = await self._run_async(held.job, held.cancellation)
            with self._lock:
                self._end(held, outcome)
                held = self._next_for_task()
            self._tell()

    def _next_for_task(self) -> Optional[_Held]:
        """With the lock: as _next_for_thread."""
        if len(self._running) >= self._concurrency:
            return None
        held = self._next()
        if held is not None and not self._is_async(held.job.task):
            self._give_to_thread(held)
            return None
        return held
