"""One logical call: tried again, at another address if there is one, as long as the error says
that it may succeed later and the timeout allows.
"""
import os
import random
import threading
import time
import uuid
import weakref
from dataclasses import dataclass
from typing import Any, Callable, Dict, Generic, List, Optional, Tuple, TypeVar

import grpc

from leasehold._channel import make_channel
from leasehold._proto import admin_service_pb2, executor_service_pb2, job_service_pb2
from leasehold._status import error_of
from leasehold.errors import Error, make_error

_FIRST_BACK_OFF = 0.05
_LAST_BACK_OFF = 1.0
_SHORTEST_ATTEMPT = 1.0
# Where another server may answer.
_LONGEST_ATTEMPT = 5.0

T = TypeVar("T")


@dataclass(frozen=True)
class Method:
    path: str
    response: Any


def _methods() -> Dict[str, Method]:
    methods = {}
    for module in (job_service_pb2, executor_service_pb2, admin_service_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                methods[method.name] = Method(
                    f"/leasehold.v1.{service.name}/{method.name}",
                    getattr(module, method.output_type.name),
                )
    return methods


METHODS = _methods()


def make_request_id() -> str:
    # Of the kernel's random numbers: a forked process must not make its parent's ids.
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request to a method, and what its response means."""

    method: str
    request: Any
    result: Callable[[Any], T]


def may_succeed_later(error: Error) -> bool:
    if error.code == "RESOURCE_EXHAUSTED":
        # Without a time to wait it speaks of the message's size.
        return error.retry_after is not None
    # CANCELLED: by a server that stops; nobody here cancels a call.
    return error.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED")


class Attempts:
    """When the attempts of one call follow each other; knows no clock."""

    def __init__(self, addresses: int, timeout: float, now: float) -> None:
        self._addresses = addresses
        self._timeout = timeout
        self._end = now + timeout
        self._bound = _FIRST_BACK_OFF
        self._count = 0
        # That the time ran out says less than what the server said before.
        self._answer: Optional[Error] = None

    def next_timeout(self, now: float) -> float:
        """Of the attempt that begins: half of what is left, so that a server that hangs leaves
        time for another try.
        """
        self._count += 1
        left = self._end - now
        attempt = max(left / 2, _SHORTEST_ATTEMPT)
        if self._addresses > 1:
            attempt = min(attempt, _LONGEST_ATTEMPT)
        return max(0.0, min(left, attempt))

    def failed(self, error: Error, address: str, now: float, jitter: float) -> float:
        """How long to wait before the next one. Raises what the caller is told if there is none.

        `jitter` is a random number in [0, 1).
        """
        if not may_succeed_later(error):
            raise error
        if self._answer is None or error.code != "DEADLINE_EXCEEDED":
            self._answer = error
        wait = (error.retry_after or 0.0) + self._bound * jitter
        self._bound = min(2 * self._bound, _LAST_BACK_OFF)
        if now + wait >= self._end:
            raise self._given_up(address)
        return wait

    def _given_up(self, address: str) -> Error:
        last = self._answer
        assert last is not None
        return make_error(
            f'{address} answered nothing better than "{last.message}" to {self._count} attempts '
            f"within {self._timeout:g} s (is the server up there? LEASEHOLD_SERVER or the "
            "address option names another)",
            last.code,
            last.reason,
            last.retry_after,
        )


class _Server:
    """One server, with its channel. What `calls` and `dropped` say is guarded by Calls."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._channel = make_channel(address)
        self._methods: Dict[str, Any] = {}
        # Under way.
        self.calls = 0
        # No call follows: the last one closes it.
        self.dropped = False

    def invoke(self, name: str, request: Any, timeout: float) -> Any:
        stub = self._methods.get(name)
        if stub is None:
            method = METHODS[name]
            stub = self._methods[name] = self._channel.unary_unary(
                method.path,
                request_serializer=type(request).SerializeToString,
                response_deserializer=method.response.FromString,
            )
        return stub(request, timeout=timeout)

    def close(self) -> None:
        self._channel.close()


class Calls:
    """Safe from any thread. Channels are made at the first call of a process: those of a parent
    are of no use after a fork.
    """

    def __init__(self, addresses: List[str], timeout: float) -> None:
        self._addresses = addresses
        self._timeout = timeout
        # Where the last call succeeded.
        self._current = 0
        self._servers: Dict[Tuple[int, int], _Server] = {}
        self._renew_lock()
        if hasattr(os, "register_at_fork"):
            _all.add(self)

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()

    def call(self, call: Call[T]) -> T:
        attempts = Attempts(len(self._addresses), self._timeout, time.monotonic())
        while True:
            current = self._current
            server = self._begin(current)
            lost = False
            timeout = attempts.next_timeout(time.monotonic())
            try:
                return call.result(server.invoke(call.method, call.request, timeout))
            except grpc.RpcError as rpc_error:
                error = error_of(rpc_error)
                # It could not connect: another channel does not wait for this one's back-off.
                lost = error.code == "UNAVAILABLE" and not error.reason
            finally:
                self._end(current, server, lost)
            wait = attempts.failed(error, server.address, time.monotonic(), random.random())
            if self._current == current:
                self._current = (current + 1) % len(self._addresses)
            time.sleep(wait)

    def _begin(self, index: int) -> _Server:
        key = (os.getpid(), index)
        with self._lock:
            server = self._servers.get(key)
            if server is None:
                server = self._servers[key] = _Server(self._addresses[index])
            server.calls += 1
            return server

    def _end(self, index: int, server: _Server, lost: bool) -> None:
        key = (os.getpid(), index)
        with self._lock:
            server.calls -= 1
            if lost and self._servers.get(key) is server:
                del self._servers[key]
                server.dropped = True
            unused = server.dropped and server.calls == 0
        if unused:
            server.close()

    def close(self) -> None:
        pid = os.getpid()
        for key, server in list(self._servers.items()):
            if key[0] == pid:
                server.close()
        self._servers.clear()


# --- Forks ---

_all: "weakref.WeakSet[Calls]" = weakref.WeakSet()


def _after_fork() -> None:
    # Another thread may have held it, and is not there to give it back.
    for calls in list(_all):
        calls._renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
