"""What the session's process and the handlers' process tell each other, over two pipes.

A message is its length and kind, then its content: jobs and handles in binary, the rest in JSON.
"""
import json
import os
import struct
import threading
from array import array
from queue import SimpleQueue
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

from leasehold._proto.executor_service_pb2 import LeasedJob, LeaseJobsResponse, Outcome
from leasehold._session.types import FinishedJob

# To the handlers.
RUN, RUN_ANNOUNCED, WITHDRAW, CANCEL, LOG, END = range(6)
# To the session.
OPTIONS, NEWS, WITHDRAWN, STOP, TASKS = range(10, 15)

_HEADER = struct.Struct("<IB")
_COUNT = struct.Struct("<I")
_RESULT = struct.Struct("<QI")
# Of the pipe: less than a `jobs` frame, and what the kernel gives to anybody.
_PIPE_BYTES = 1 << 20


def pack(kind: int, content: bytes = b"") -> bytes:
    return _HEADER.pack(len(content), kind) + content


def pack_json(kind: int, content: Any) -> bytes:
    return pack(kind, json.dumps(content).encode())


def _pack_handles(handles: Sequence[int]) -> bytes:
    return _COUNT.pack(len(handles)) + array("Q", handles).tobytes()


def _unpack_handles(content: bytes, offset: int = 0) -> Tuple[List[int], int]:
    (count,) = _COUNT.unpack_from(content, offset)
    begin = offset + _COUNT.size
    handles = array("Q")
    handles.frombytes(content[begin : begin + 8 * count])
    return handles.tolist(), begin + 8 * count


def pack_handles(kind: int, handles: Sequence[int]) -> bytes:
    return pack(kind, _pack_handles(handles))


def unpack_handles(content: bytes) -> List[int]:
    return _unpack_handles(content)[0]


def pack_run(handles: List[int], jobs: List[LeasedJob], announced: bool) -> bytes:
    content = LeaseJobsResponse.Jobs(jobs=jobs).SerializeToString()
    return pack(RUN_ANNOUNCED if announced else RUN, _pack_handles(handles) + content)


def unpack_run(content: bytes) -> Tuple[List[int], List[LeasedJob]]:
    handles, end = _unpack_handles(content)
    return handles, list(LeaseJobsResponse.Jobs.FromString(content[end:]).jobs)


def pack_news(started: Sequence[int], finished: Sequence[FinishedJob]) -> bytes:
    completed = [handle for handle, outcome in finished if outcome is None]
    parts = [_pack_handles(started), _pack_handles(completed)]
    for handle, outcome in finished:
        if outcome is not None:
            text = outcome.SerializeToString()
            parts += (_RESULT.pack(handle, len(text)), text)
    return pack(NEWS, b"".join(parts))


def unpack_news(content: bytes) -> Tuple[List[int], List[FinishedJob]]:
    started, offset = _unpack_handles(content)
    completed, offset = _unpack_handles(content, offset)
    finished: List[FinishedJob] = [(handle, None) for handle in completed]
    while offset < len(content):
        handle, size = _RESULT.unpack_from(content, offset)
        offset += _RESULT.size
        finished.append((handle, Outcome.FromString(content[offset : offset + size])))
        offset += size
    return started, finished


class Reader:
    """Belongs to one thread."""

    def __init__(self, fd: int) -> None:
        self._file = os.fdopen(fd, "rb", buffering=_PIPE_BYTES)

    def read(self) -> Optional[Tuple[int, bytes]]:
        """The next message; None when the other side is gone."""
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        size, kind = _HEADER.unpack(header)
        content = self._file.read(size)
        return (kind, content) if len(content) == size else None

    def close(self) -> None:
        self._file.close()


# Gives the next message, and None when it has none left.
Source = Callable[[], Optional[bytes]]


class Writer:
    """Writes on a thread of its own, so that nobody waits for a full pipe. For any thread, and
    for signal handlers.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._messages: "SimpleQueue[Union[bytes, Source, None]]" = SimpleQueue()
        _enlarge(fd)
        self._thread = threading.Thread(target=self._work, name="leasehold-pipe", daemon=True)
        self._thread.start()

    def write(self, message: Union[bytes, Source]) -> None:
        """A source is asked on the writing thread, until it has none left."""
        self._messages.put(message)

    def finish(self, timeout: float) -> None:
        """Waits until all is written, then closes the pipe."""
        self._messages.put(None)
        self._thread.join(timeout)

    def _work(self) -> None:
        try:
            while self._write_next(self._messages.get()):
                pass
        except OSError:
            # The other side is gone, which the reader sees as well.
            pass
        os.close(self._fd)

    def _write_next(self, message: Union[bytes, Source, None]) -> bool:
        if message is None:
            return False
        if isinstance(message, bytes):
            self._write_all(message)
            return True
        part = message()
        while part is not None:
            self._write_all(part)
            part = message()
        return True

    def _write_all(self, message: bytes) -> None:
        left = memoryview(message)
        while left:
            left = left[os.write(self._fd, left) :]


def _enlarge(fd: int) -> None:
    try:
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)  # type: ignore[attr-defined,unused-ignore]
    except (ImportError, AttributeError, OSError):
        pass


def options_of(content: bytes) -> Dict[str, Any]:
    options: Dict[str, Any] = json.loads(content)
    return options
