"""Times and payloads between Python and the protocol."""
import json
from datetime import datetime, timedelta, timezone
from typing import Any, Union

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


class JsonText(str):
    """A payload that is JSON text already: it is handed on as it is, byte for byte.

        client.add_job("import", JsonText('{"amount": 0.10}'))
    """


def dump(value: Any) -> str:
    """The JSON text of a payload. TypeError, ValueError: JSON cannot say it."""
    if isinstance(value, JsonText):
        return str(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def seconds_of(duration: Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


def datetime_of(timestamp: Timestamp) -> datetime:
    return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)


def set_timestamp(target: Timestamp, time: datetime) -> None:
    """ValueError: `time` has no time zone."""
    if time.utcoffset() is None:
        raise ValueError("has no time zone; datetime.now(timezone.utc) has one")
    micros = (time - _EPOCH) // _MICROSECOND
    target.seconds, rest = divmod(micros, 1_000_000)
    target.nanos = rest * 1000
    target.SetInParent()


def timedelta_of(time: Union[timedelta, float, int]) -> timedelta:
    """Of a timedelta, or a number of seconds. TypeError, ValueError: it is neither."""
    if isinstance(time, timedelta):
        return time
    if isinstance(time, bool) or not isinstance(time, (int, float)):
        raise TypeError("must be a timedelta or a number of seconds")
    try:
        return timedelta(seconds=time)
    except OverflowError as error:
        raise ValueError("is out of range") from error


def set_duration(target: Duration, time: Union[timedelta, float, int]) -> None:
    delta = timedelta_of(time)
    micros = delta // _MICROSECOND
    # Both have the sign of the whole.
    sign = -1 if micros < 0 else 1
    seconds, rest = divmod(abs(micros), 1_000_000)
    target.seconds = sign * seconds
    target.nanos = sign * rest * 1000
    target.SetInParent()
