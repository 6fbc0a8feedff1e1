"""The names of the job key modes."""
from typing import Optional

from leasehold._proto import job_pb2
from leasehold.errors import invalid

_MODES = {
    "replace": job_pb2.IF_EXISTS_REPLACE,
    "preserve_run_at": job_pb2.IF_EXISTS_PRESERVE_RUN_AT,
    "unsafe_dedupe": job_pb2.IF_EXISTS_UNSAFE_DEDUPE,
    "reject": job_pb2.IF_EXISTS_REJECT,
}


def mode_of(name: str, field: str) -> job_pb2.IfExists:
    if name not in _MODES:
        raise invalid(field, f"is {name!r}: it must be one of {', '.join(_MODES)}")
    return _MODES[name]


def mode_name(value: int) -> Optional[str]:
    for name, mode in _MODES.items():
        if int(mode) == value:
            return name
    return None
