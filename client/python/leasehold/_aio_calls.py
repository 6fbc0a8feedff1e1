"""_calls for asyncio."""
import asyncio
import random
import time
from typing import Any, Dict, List, TypeVar

import grpc
import grpc.aio

from leasehold._calls import METHODS, Attempts, Call
from leasehold._channel import OPTIONS
from leasehold._status import error_of

T = TypeVar("T")


class AsyncCalls:
    """Belongs to one event loop. Channels are made at the first call."""

    def __init__(self, addresses: List[str], timeout: float) -> None:
        self._addresses = addresses
        self._timeout = timeout
        # Where the last call succeeded.
        self._current = 0
        self._channels: Dict[int, Any] = {}

    async def call(self, call: Call[T]) -> T:
        attempts = Attempts(len(self._addresses), self._timeout, time.monotonic())
        while True:
            current = self._current
            timeout = attempts.next_timeout(time.monotonic())
            try:
                return call.result(await self._invoke(current, call, timeout))
            except grpc.RpcError as rpc_error:
                error = error_of(rpc_error)
            address = self._addresses[current]
            wait = attempts.failed(error, address, time.monotonic(), random.random())
            if error.code == "UNAVAILABLE" and not error.reason:
                # It could not connect: another channel does not wait for this one's back-off.
                self._channels.pop(current, None)
            if self._current == current:
                self._current = (current + 1) % len(self._addresses)
            await asyncio.sleep(wait)

    async def _invoke(self, index: int, call: Call[T], timeout: float) -> Any:
        channel = self._channels.get(index)
        if channel is None:
            address = self._addresses[index]
            channel = self._channels[index] = grpc.aio.insecure_channel(address, options=OPTIONS)
        method = METHODS[call.method]
        stub = channel.unary_unary(
            method.path,
            request_serializer=type(call.request).SerializeToString,
            response_deserializer=method.response.FromString,
        )
        return await stub(call.request, timeout=timeout)

    async def close(self) -> None:
        channels = list(self._channels.values())
        self._channels.clear()
        for channel in channels:
            await channel.close()
