"""The session's own process: it keeps the session alive whatever the handlers' process does,
imports nothing of the user's, and ends with that process.
"""
import json
import mmap
import os
import select
import signal
import sys
import threading
import time
from typing import List, Optional, Sequence

from leasehold._proto.executor_service_pb2 import LeasedJob
from leasehold._session import pipe
from leasehold._session.loop import Handlers, SessionLoop
from leasehold._session.types import NEVER, SessionOptions, Status, WriteLog


class RemoteHandlers(Handlers):
    """The handlers at the other end of the pipe."""

    def __init__(self, writer: pipe.Writer, gate: Optional[mmap.mmap]) -> None:
        self._writer = writer
        self._gate = gate

    def run(self, handles: List[int], jobs: List[LeasedJob], announced: bool) -> None:
        self._writer.write(pipe.pack_run(handles, jobs, announced))

    def withdraw(self, handles: Sequence[int]) -> None:
        if self._gate is not None:
            # No handler starts until the message that follows was read: see Gate.
            self._gate[0] = (self._gate[0] + 1) % 256
        self._writer.write(pipe.pack_handles(pipe.WITHDRAW, handles))

    def cancel(self, handles: Sequence[int], reason: str) -> None:
        self._writer.write(pipe.pack_json(pipe.CANCEL, [list(handles), reason]))

    def log(self, entry: WriteLog) -> None:
        self._writer.write(pipe.pack_json(pipe.LOG, entry))

    def end(self, status: Status) -> None:
        self._writer.write(pipe.pack_json(pipe.END, status))


def _read_news(reader: pipe.Reader, loop: SessionLoop) -> None:
    while True:
        message = reader.read()
        if message is None:
            break
        kind, content = message
        if kind == pipe.NEWS:
            loop.on_handlers(*pipe.unpack_news(content))
        elif kind == pipe.WITHDRAWN:
            loop.on_withdrawn(pipe.unpack_handles(content))
        elif kind == pipe.STOP:
            loop.stop()
        elif kind == pipe.TASKS:
            loop.set_tasks(json.loads(content))
    loop.abandon()


def _end_with(parent: int) -> None:
    """The pipe's end may stay open when the parent dies: another child of it may have it."""
    try:
        watched = os.pidfd_open(parent)  # type: ignore[attr-defined,unused-ignore]
    except (AttributeError, OSError):
        watched = None
    if watched is not None and os.getppid() == parent:
        select.select([watched], [], [])
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _take_pipes() -> "tuple[int, int]":
    """Of standard input and output, which become harmless: a library may print."""
    incoming, outgoing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    return incoming, outgoing


def main(parent: int, gate_fd: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # They go to the whole group, or the whole service: the parent says when to stop.
        signal.signal(number, signal.SIG_IGN)
    incoming, outgoing = _take_pipes()
    gate = mmap.mmap(gate_fd, mmap.PAGESIZE) if gate_fd >= 0 else None
    if hasattr(os, "getppid"):
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()

    reader = pipe.Reader(incoming)
    first = reader.read()
    if first is None or first[0] != pipe.OPTIONS:
        sys.exit(1)
    options = SessionOptions(**pipe.options_of(first[1]))
    options.give_up_after = options.give_up_after or NEVER
    writer = pipe.Writer(outgoing)
    loop = SessionLoop(options, RemoteHandlers(writer, gate))
    threading.Thread(target=_read_news, args=(reader, loop), daemon=True).start()
    loop.run()
    writer.finish(timeout=10.0)
    # Threads of gRPC's may be left; none of them matters.
    os._exit(0)
