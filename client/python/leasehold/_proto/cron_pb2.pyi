from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from leasehold._proto import job_pb2 as _job_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Cron(_message.Message):
    __slots__ = ["known_since", "last_run", "next_run", "paused", "source", "spec"]
    KNOWN_SINCE_FIELD_NUMBER: _ClassVar[int]
    LAST_RUN_FIELD_NUMBER: _ClassVar[int]
    NEXT_RUN_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    known_since: _timestamp_pb2.Timestamp
    last_run: _timestamp_pb2.Timestamp
    next_run: _timestamp_pb2.Timestamp
    paused: bool
    source: str
    spec: CronSpec
    def __init__(self, spec: _Optional[_Union[CronSpec, _Mapping]] = ..., source: _Optional[str] = ..., paused: bool = ..., known_since: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., last_run: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., next_run: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CronSpec(_message.Message):
    __slots__ = ["fill", "flags", "identifier", "if_exists", "key", "max_attempts", "payload", "priority", "queue_name", "schedule", "task", "time_zone"]
    FILL_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    fill: _duration_pb2.Duration
    flags: _containers.RepeatedScalarFieldContainer[str]
    identifier: str
    if_exists: _job_pb2.IfExists
    key: str
    max_attempts: int
    payload: str
    priority: int
    queue_name: str
    schedule: str
    task: str
    time_zone: str
    def __init__(self, identifier: _Optional[str] = ..., schedule: _Optional[str] = ..., time_zone: _Optional[str] = ..., task: _Optional[str] = ..., payload: _Optional[str] = ..., fill: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_attempts: _Optional[int] = ..., queue_name: _Optional[str] = ..., key: _Optional[str] = ..., if_exists: _Optional[_Union[_job_pb2.IfExists, str]] = ..., priority: _Optional[int] = ..., flags: _Optional[_Iterable[str]] = ...) -> None: ...
