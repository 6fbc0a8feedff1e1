from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
IF_EXISTS_PRESERVE_RUN_AT: IfExists
IF_EXISTS_REJECT: IfExists
IF_EXISTS_REPLACE: IfExists
IF_EXISTS_UNSAFE_DEDUPE: IfExists
IF_EXISTS_UNSPECIFIED: IfExists
JOB_STATE_FAILED: JobState
JOB_STATE_LEASED: JobState
JOB_STATE_READY: JobState
JOB_STATE_SCHEDULED: JobState
JOB_STATE_UNSPECIFIED: JobState

class Job(_message.Message):
    __slots__ = ["attempts", "created_at", "flags", "id", "key", "last_error", "locked_at", "locked_by", "max_attempts", "metadata", "payload", "priority", "queue_name", "revision", "run_at", "state", "task", "updated_at"]
    class MetadataEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    LOCKED_AT_FIELD_NUMBER: _ClassVar[int]
    LOCKED_BY_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RUN_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    attempts: int
    created_at: _timestamp_pb2.Timestamp
    flags: _containers.RepeatedScalarFieldContainer[str]
    id: str
    key: str
    last_error: str
    locked_at: _timestamp_pb2.Timestamp
    locked_by: str
    max_attempts: int
    metadata: _containers.ScalarMap[str, str]
    payload: str
    priority: int
    queue_name: str
    revision: int
    run_at: _timestamp_pb2.Timestamp
    state: JobState
    task: str
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., task: _Optional[str] = ..., payload: _Optional[str] = ..., queue_name: _Optional[str] = ..., priority: _Optional[int] = ..., run_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., attempts: _Optional[int] = ..., max_attempts: _Optional[int] = ..., last_error: _Optional[str] = ..., key: _Optional[str] = ..., flags: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ..., metadata: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[JobState, str]] = ..., locked_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., locked_by: _Optional[str] = ...) -> None: ...

class NewJob(_message.Message):
    __slots__ = ["delay", "flags", "if_exists", "key", "max_attempts", "metadata", "payload", "priority", "queue_name", "run_at", "task"]
    class MetadataEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DELAY_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    RUN_AT_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    delay: _duration_pb2.Duration
    flags: _containers.RepeatedScalarFieldContainer[str]
    if_exists: IfExists
    key: str
    max_attempts: int
    metadata: _containers.ScalarMap[str, str]
    payload: str
    priority: int
    queue_name: str
    run_at: _timestamp_pb2.Timestamp
    task: str
    def __init__(self, task: _Optional[str] = ..., payload: _Optional[str] = ..., queue_name: _Optional[str] = ..., run_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_attempts: _Optional[int] = ..., key: _Optional[str] = ..., priority: _Optional[int] = ..., flags: _Optional[_Iterable[str]] = ..., if_exists: _Optional[_Union[IfExists, str]] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class IfExists(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
