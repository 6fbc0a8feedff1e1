"""What a gRPC error says in its google.rpc details."""
from typing import Any, Iterable, List, Optional, Tuple

from google.protobuf.message import DecodeError, Message

from leasehold._convert import seconds_of
from leasehold._proto.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from leasehold._proto.status_pb2 import Status
from leasehold.errors import Error, Violation, make_error

_TRAILER = "grpc-status-details-bin"


def _details(metadata: Iterable[Tuple[str, Any]]) -> Status:
    status = Status()
    for key, value in metadata:
        if key == _TRAILER:
            try:
                status.ParseFromString(bytes(value))
            except DecodeError:
                return Status()
    return status


def _unpack(detail: Any, message: Message) -> bool:
    # Not Any.Unpack: our google.rpc goes by another name in this process.
    name = message.DESCRIPTOR.full_name.rpartition(".")[2]
    if detail.type_url.rpartition("/")[2] != "google.rpc." + name:
        return False
    try:
        message.ParseFromString(detail.value)
    except DecodeError:
        return False
    return True


def _name_all(violations: List[Violation], message: str) -> str:
    """The message with the bad fields that it does not name itself."""
    unnamed = [v for v in violations if v.description not in message]
    if not unnamed:
        return message
    return f"{message} ({'; '.join(f'{v.field}: {v.description}' for v in unnamed)})"


def error_of(rpc_error: Any) -> Error:
    """The exception for a grpc.RpcError, of a blocking call or of asyncio."""
    code: str = rpc_error.code().name
    message: str = rpc_error.details() or ""
    reason = ""
    retry_after: Optional[float] = None
    violations: List[Violation] = []
    for detail in _details(rpc_error.trailing_metadata() or ()).details:
        bad, info, again = BadRequest(), ErrorInfo(), RetryInfo()
        if _unpack(detail, bad):
            violations += [Violation(v.field, v.description) for v in bad.field_violations]
        elif _unpack(detail, info):
            reason = info.reason
        elif _unpack(detail, again):
            retry_after = seconds_of(again.retry_delay)
    return make_error(_name_all(violations, message), code, reason, retry_after, violations)
