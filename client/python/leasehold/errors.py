"""What goes wrong, as exceptions that a program can tell apart."""
from typing import Dict, List, NamedTuple, Optional, Sequence, Type


class Violation(NamedTuple):
    """A bad field of a request: its path, as in jobs[3].task, and what is wrong with it."""

    field: str
    description: str


class Error(Exception):
    """What a server answered, or why none did.

    `code` is gRPC's name of the status, as in "NOT_FOUND". `reason` tells errors of one code
    apart (docs/errors.md lists them all), empty if there is none. `retry_after` is the number
    of seconds after which the server wants to be asked again, or None. `violations` are the bad
    fields of an INVALID_ARGUMENT.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "UNKNOWN",
        reason: str = "",
        retry_after: Optional[float] = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.retry_after = retry_after
        self.violations: List[Violation] = list(violations)

    def __str__(self) -> str:
        return f"{self.reason or self.code}: {self.message}"


class InvalidRequest(Error, ValueError):
    """The call is wrong, and stays so: `violations` names every bad field."""


class NotFound(Error, LookupError):
    """There never was such a thing, or it is gone: a job that has ended, a key without a job."""


class AlreadyExists(Error):
    """It is there already, or the request id came with another body."""


class KeyExists(AlreadyExists):
    """Mode "reject", and a job has the key."""


class FailedPrecondition(Error):
    """Things are not so that this can be done: `reason` says which."""


class LeaseLost(FailedPrecondition):
    """The lease was swept, superseded or ended otherwise."""


class Unavailable(Error):
    """No server answered well within the whole timeout, or the server said that it cannot now.

    The call may succeed later. Whether it took effect is not known if `code` is
    DEADLINE_EXCEEDED.
    """


class PermissionDenied(Error):
    """No credentials, or not the right ones."""


class ShutdownIncomplete(Error):
    """An executor could not leave cleanly: handlers still run, or results are not recorded."""


class SessionLost(Error):
    """The process that holds an executor's session ended, or could not be started."""


_BY_REASON: Dict[str, Type[Error]] = {"KEY_EXISTS": KeyExists, "LEASE_LOST": LeaseLost}

_BY_CODE: Dict[str, Type[Error]] = {
    "INVALID_ARGUMENT": InvalidRequest,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "FAILED_PRECONDITION": FailedPrecondition,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": Unavailable,
    "RESOURCE_EXHAUSTED": Unavailable,
    "CANCELLED": Unavailable,
    "UNAUTHENTICATED": PermissionDenied,
    "PERMISSION_DENIED": PermissionDenied,
}


def make_error(
    message: str,
    code: str,
    reason: str = "",
    retry_after: Optional[float] = None,
    violations: Sequence[Violation] = (),
) -> Error:
    """The exception of the class that fits."""
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, Error)
    return kind(
        message, code=code, reason=reason, retry_after=retry_after, violations=violations
    )


def invalid(field: str, description: str) -> InvalidRequest:
    """Of an argument that no server needs to see."""
    return InvalidRequest(
        f"{field}: {description}",
        code="INVALID_ARGUMENT",
        reason="INVALID_REQUEST",
        violations=[Violation(field, description)],
    )
