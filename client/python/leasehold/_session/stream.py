"""One LeaseJobs call: says what happens on it, and decides nothing."""
import threading
from queue import SimpleQueue
from typing import Any, Callable, Iterator, Optional

import grpc

from leasehold._proto.executor_service_pb2 import LeaseJobsRequest, LeaseJobsResponse
from leasehold._session.types import Status
from leasehold._status import error_of

_PATH = "/leasehold.v1.ExecutorService/LeaseJobs"


class LeaseStream:
    """`on_written(id)`, `on_frame(id, frame)` and `on_ended(id, status)` are called on threads of
    gRPC's and of this object; on_ended comes last, and always.
    """

    def __init__(
        self,
        stream: int,
        channel: grpc.Channel,
        opening: LeaseJobsRequest,
        on_written: Callable[[int], None],
        on_frame: Callable[[int, LeaseJobsResponse], None],
        on_ended: Callable[[int, Status], None],
    ) -> None:
        self.id = stream
        self._on_written = on_written
        self._on_frame = on_frame
        self._on_ended = on_ended
        self._outgoing: "SimpleQueue[Optional[LeaseJobsRequest]]" = SimpleQueue()
        self._outgoing.put(opening)
        method = channel.stream_stream(
            _PATH,
            request_serializer=LeaseJobsRequest.SerializeToString,
            response_deserializer=LeaseJobsResponse.FromString,
        )
        self._call: Any = method(self._requests())
        threading.Thread(target=self._read, name="leasehold-stream", daemon=True).start()

    def write(self, frame: LeaseJobsRequest) -> None:
        self._outgoing.put(frame)

    def close_writes(self) -> None:
        self._outgoing.put(None)

    def cancel(self) -> None:
        self._call.cancel()
        self._outgoing.put(None)

    def _requests(self) -> Iterator[LeaseJobsRequest]:
        # gRPC asks for the next one when it has taken the one before.
        while True:
            frame = self._outgoing.get()
            if frame is None:
                return
            yield frame
            self._on_written(self.id)

    def _read(self) -> None:
        end = Status()
        try:
            for frame in self._call:
                self._on_frame(self.id, frame)
        except grpc.RpcError as rpc_error:
            error = error_of(rpc_error)
            end = Status(error.code, error.message, error.reason, error.retry_after)
        self._outgoing.put(None)
        self._on_ended(self.id, end)
