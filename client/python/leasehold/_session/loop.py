"""Carries out what a SessionMachine decides: its streams and the clock."""
import random
import time
from queue import Empty, SimpleQueue
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from leasehold._channel import make_channel
from leasehold._session.machine import SessionMachine
from leasehold._session.stream import LeaseStream
from leasehold._session.types import (
    NEVER,
    CancelJobs,
    CancelStream,
    CloseStream,
    EndSession,
    FinishedJob,
    LeasedJob,
    LeaseJobsResponse,
    OpenStream,
    RunJobs,
    SessionOptions,
    Status,
    WithdrawJobs,
    WriteFrame,
    WriteLog,
)


class Handlers:
    """What a session asks of those who run the handlers, on the session's thread.

    None of it may block: heartbeats would wait.
    """

    def run(self, handles: List[int], jobs: List[LeasedJob], announced: bool) -> None:
        raise NotImplementedError

    def withdraw(self, handles: Sequence[int]) -> None:
        """They answer with SessionLoop.on_withdrawn."""
        raise NotImplementedError

    def cancel(self, handles: Sequence[int], reason: str) -> None:
        raise NotImplementedError

    def log(self, entry: WriteLog) -> None:
        raise NotImplementedError

    def end(self, status: Status) -> None:
        raise NotImplementedError


class SessionLoop:
    """The thread that calls run() is the session's: it alone touches the machine. The on_...
    methods, stop() and set_tasks() may be called from any thread.
    """

    def __init__(self, options: SessionOptions, handlers: Handlers) -> None:
        self._machine = SessionMachine(options, random.random)
        self._handlers = handlers
        self._events: "SimpleQueue[Tuple[Callable[..., None], Tuple[Any, ...]]]" = SimpleQueue()
        self._channels: Dict[str, Any] = {}
        self._streams: Dict[int, LeaseStream] = {}
        # Of the streams: to be made anew where a connection failed.
        self._addresses: Dict[int, str] = {}
        self._ended = False
        self._actions: Dict[type, Callable[[Any], None]] = {
            OpenStream: self._open_stream,
            WriteFrame: self._write_frame,
            CloseStream: self._close_stream,
            CancelStream: self._cancel_stream,
            RunJobs: lambda action: handlers.run(action.handles, action.jobs, action.announced),
            WithdrawJobs: lambda action: handlers.withdraw(action.handles),
            CancelJobs: lambda action: handlers.cancel(action.handles, action.reason),
            WriteLog: handlers.log,
            EndSession: self._end_session,
        }

    def run(self) -> None:
        """Once; returns after Handlers.end()."""
        self._machine.start(time.monotonic())
        self._perform()
        while not self._ended:
            self._step()

    def stop(self) -> None:
        self._events.put((self._machine.stop, ()))

    def set_tasks(self, tasks: List[str]) -> None:
        self._events.put((self._machine.set_tasks, (tasks,)))

    def on_news(self, collect: "Callable[[], Tuple[List[int], List[FinishedJob]]]") -> None:
        """As on_handlers, of what `collect` gives until it gives nothing."""
        self._events.put((self._collect_news, (collect,)))

    def _collect_news(self, collect: Any, now: float) -> None:
        started, finished = collect()
        while started or finished:
            self._machine.on_handlers(started, finished, now)
            self._perform()
            started, finished = collect()

    def on_handlers(self, started: Sequence[int], finished: Sequence[FinishedJob]) -> None:
        self._events.put((self._machine.on_handlers, (started, finished)))

    def on_withdrawn(self, handles: Sequence[int]) -> None:
        self._events.put((self._machine.on_withdrawn, (handles,)))

    def abandon(self) -> None:
        """Those who run the handlers are gone: nothing is left to do."""
        self._events.put((lambda now: self._give_up(), ()))

    def _give_up(self) -> None:
        for stream in self._streams.values():
            stream.cancel()
        self._ended = True

    def _step(self) -> None:
        tick = self._machine.next_tick()
        timeout = None if tick == NEVER else max(0.0, tick - time.monotonic())
        try:
            event: Optional[Tuple[Callable[..., None], Tuple[Any, ...]]] = self._events.get(
                timeout=timeout
            )
        except Empty:
            event = None
        while event is not None and not self._ended:
            call, arguments = event
            call(*arguments, time.monotonic())
            self._perform()
            try:
                event = self._events.get_nowait()
            except Empty:
                event = None
        now = time.monotonic()
        if now >= self._machine.next_tick() and not self._ended:
            self._machine.on_tick(now)
            self._perform()

    def _perform(self) -> None:
        actions = self._machine.take_actions()
        while actions:
            for action in actions:
                self._actions[type(action)](action)
            actions = self._machine.take_actions()

    # --- Streams ---

    def _open_stream(self, action: OpenStream) -> None:
        channel = self._channels.get(action.address)
        if channel is None:
            channel = self._channels[action.address] = make_channel(action.address)
        self._addresses[action.stream] = action.address
        self._streams[action.stream] = LeaseStream(
            action.stream,
            channel,
            action.open,
            lambda stream: self._events.put((self._machine.on_written, (stream,))),
            lambda stream, frame: self._events.put((self._on_frame, (stream, frame))),
            lambda stream, end: self._events.put((self._on_ended, (stream, end))),
        )

    def _on_frame(self, stream: int, frame: LeaseJobsResponse, now: float) -> None:
        self._machine.on_frame(stream, frame, now)

    def _on_ended(self, stream: int, end: Status, now: float) -> None:
        self._streams.pop(stream, None)
        address = self._addresses.pop(stream, "")
        in_use = address in self._addresses.values()
        if end.code != "OK" and not in_use and address in self._channels:
            # One that could not connect would refuse until its own back-off is over, which the
            # machine has waited for already.
            self._channels.pop(address).close()
        self._machine.on_stream_ended(stream, end, now)

    def _write_frame(self, action: WriteFrame) -> None:
        stream = self._streams.get(action.stream)
        if stream is not None:
            stream.write(action.frame)

    def _close_stream(self, action: CloseStream) -> None:
        stream = self._streams.get(action.stream)
        if stream is not None:
            stream.close_writes()

    def _cancel_stream(self, action: CancelStream) -> None:
        stream = self._streams.get(action.stream)
        if stream is not None:
            stream.cancel()

    def _end_session(self, action: EndSession) -> None:
        self._ended = True
        # First, so that nothing that gRPC does can keep it.
        self._handlers.end(action.status)
        for channel in self._channels.values():
            channel.close()
