"""The handlers' side of the session's own process."""
import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from typing import Callable, List, Optional, Sequence, Tuple

from leasehold._session import pipe
from leasehold._session.loop import Handlers
from leasehold._session.types import FinishedJob, SessionOptions, Status, WriteLog
from leasehold.errors import SessionLost

# What handlers have begun and ended since it was called last.
Collect = Callable[[], Tuple[List[int], List[FinishedJob]]]

# Of the interpreter's own paths first: nothing of the program's own may stand before them.
_PROGRAM = """
import json, sys
for path in json.loads(sys.argv[1]):
    if path not in sys.path:
        sys.path.append(path)
from leasehold._session.child import main
main(int(sys.argv[2]), int(sys.argv[3]))
"""

_REMEDY = 'if this program may start no process, Executor(session="thread") does without'


class Gate:
    """One byte that both processes see: the session counts its withdrawals in it before it sends
    them. While it counts one more than the handlers' process has read, no handler may start.

    Without it, a handler that held the interpreter for long would be followed by jobs that the
    server has taken back meanwhile.
    """

    def __init__(self) -> None:
        self._fd = -1
        self._page: Optional[mmap.mmap] = None
        if os.name != "posix":
            return
        if hasattr(os, "memfd_create"):
            self._fd = os.memfd_create("leasehold")
        else:
            with tempfile.TemporaryFile() as file:
                self._fd = os.dup(file.fileno())
        os.ftruncate(self._fd, mmap.PAGESIZE)
        self._page = mmap.mmap(self._fd, mmap.PAGESIZE)

    @property
    def fd(self) -> int:
        return self._fd

    @property
    def exists(self) -> bool:
        return self._page is not None

    def close_fd(self) -> None:
        """The mapping stays."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def count(self) -> int:
        return self._page[0] if self._page is not None else 0


def _command(gate: Gate) -> List[str]:
    """Runs this very package with this interpreter, without a look at the program's main module:
    it works in `python -c`, in notebooks and wherever else multiprocessing would not.
    """
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    paths = [str(path) for path in sys.path if path] + [here]
    # Isolated, without site: no environment variable and no .pth file brings other code in.
    words = ["-I", "-S", "-c", _PROGRAM, json.dumps(paths), str(os.getpid()), str(gate.fd)]
    return [sys.executable, *words]


def _start(gate: Gate) -> "subprocess.Popen[bytes]":
    if getattr(sys, "frozen", False) or not sys.executable:
        raise SessionLost(f"there is no Python interpreter to run the session in; {_REMEDY}")
    mask = {signal.SIGINT, signal.SIGTERM}
    before = None
    if hasattr(signal, "pthread_sigmask"):
        # The child begins with them blocked: a Ctrl-C in its first moments must not end it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, mask)
    try:
        return subprocess.Popen(
            _command(gate),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[gate.fd] if gate.fd >= 0 else [],
        )
    except OSError as error:
        raise SessionLost(f"{sys.executable} could not be started: {error}; {_REMEDY}") from error
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class SessionProcess:
    """One session process and the pipes to it. serve() and close() belong to one thread, the
    rest to any.
    """

    def __init__(self, options: SessionOptions, collect: Collect) -> None:
        self._collect = collect
        self._gate = Gate()
        self._gate_read = 0
        try:
            self._child = _start(self._gate)
        finally:
            self._gate.close_fd()
        assert self._child.stdin is not None and self._child.stdout is not None
        # Of their own: Popen's are closed with it.
        self._writer = pipe.Writer(os.dup(self._child.stdin.fileno()))
        self._reader = pipe.Reader(os.dup(self._child.stdout.fileno()))
        self._child.stdin.close()
        self._child.stdout.close()
        self._writer.write(pipe.pack_json(pipe.OPTIONS, asdict(options)))

    @property
    def pid(self) -> int:
        return self._child.pid

    def serve(self, handlers: Handlers) -> bool:
        """Hands on what the session says, until it has ended; False: its process has died."""
        while True:
            message = self._reader.read()
            if message is None:
                return False
            kind, content = message
            if kind in (pipe.RUN, pipe.RUN_ANNOUNCED):
                handlers.run(*pipe.unpack_run(content), kind == pipe.RUN_ANNOUNCED)
            elif kind == pipe.WITHDRAW:
                handlers.withdraw(pipe.unpack_handles(content))
                if self._gate.exists:
                    self._gate_read = (self._gate_read + 1) % 256
                handlers.run([], [], False)
            elif kind == pipe.CANCEL:
                handlers.cancel(*json.loads(content))
            elif kind == pipe.LOG:
                handlers.log(WriteLog(*json.loads(content)))
            elif kind == pipe.END:
                handlers.end(Status(*json.loads(content)))
                return True

    def may_start(self) -> bool:
        """Whether every withdrawal on its way was read."""
        return self._gate.count() == self._gate_read

    def on_news(self) -> None:
        self._writer.write(self._news)

    def _news(self) -> Optional[bytes]:
        started, finished = self._collect()
        return pipe.pack_news(started, finished) if started or finished else None

    def on_withdrawn(self, handles: Sequence[int]) -> None:
        self._writer.write(pipe.pack_handles(pipe.WITHDRAWN, handles))

    def stop(self) -> None:
        self._writer.write(pipe.pack(pipe.STOP))

    def set_tasks(self, tasks: List[str]) -> None:
        self._writer.write(pipe.pack_json(pipe.TASKS, tasks))

    def close(self) -> int:
        """Ends the process, and returns its status. A second call only returns it."""
        if self._child.returncode is not None:
            return self._child.returncode
        self._writer.finish(timeout=1.0)
        try:
            status = self._child.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self._child.kill()
            status = self._child.wait()
        self._reader.close()
        return status
