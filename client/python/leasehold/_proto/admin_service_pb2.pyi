from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from leasehold._proto import cron_pb2 as _cron_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AdvanceClockRequest(_message.Message):
    __slots__ = ["by"]
    BY_FIELD_NUMBER: _ClassVar[int]
    by: _duration_pb2.Duration
    def __init__(self, by: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class AdvanceClockResponse(_message.Message):
    __slots__ = ["now"]
    NOW_FIELD_NUMBER: _ClassVar[int]
    now: _timestamp_pb2.Timestamp
    def __init__(self, now: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ApplyCrontabRequest(_message.Message):
    __slots__ = ["crontab", "name"]
    CRONTAB_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    crontab: str
    name: str
    def __init__(self, crontab: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ApplyCrontabResponse(_message.Message):
    __slots__ = ["crons", "removed"]
    CRONS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    crons: _containers.RepeatedCompositeFieldContainer[_cron_pb2.Cron]
    removed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, crons: _Optional[_Iterable[_Union[_cron_pb2.Cron, _Mapping]]] = ..., removed: _Optional[_Iterable[str]] = ...) -> None: ...

class CleanUpRequest(_message.Message):
    __slots__ = ["page_size", "page_token", "unchanged_for"]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FOR_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    unchanged_for: _duration_pb2.Duration
    def __init__(self, unchanged_for: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class CleanUpResponse(_message.Message):
    __slots__ = ["deleted", "next_page_token"]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    deleted: int
    next_page_token: str
    def __init__(self, deleted: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CompleteJobsRequest(_message.Message):
    __slots__ = ["ids", "request_id"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CompleteJobsResponse(_message.Message):
    __slots__ = ["ids"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Executor(_message.Message):
    __slots__ = ["connected", "forbidden_flags", "id", "leases", "name", "running", "silent", "tasks", "window"]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    FORBIDDEN_FLAGS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    SILENT_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    connected: bool
    forbidden_flags: _containers.RepeatedScalarFieldContainer[str]
    id: str
    leases: int
    name: str
    running: int
    silent: _duration_pb2.Duration
    tasks: _containers.RepeatedScalarFieldContainer[str]
    window: int
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tasks: _Optional[_Iterable[str]] = ..., forbidden_flags: _Optional[_Iterable[str]] = ..., connected: bool = ..., silent: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., window: _Optional[int] = ..., leases: _Optional[int] = ..., running: _Optional[int] = ...) -> None: ...

class FailJobsRequest(_message.Message):
    __slots__ = ["ids", "reason", "request_id"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    request_id: str
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class FailJobsResponse(_message.Message):
    __slots__ = ["ids"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ForceUnlockRequest(_message.Message):
    __slots__ = ["executor_ids", "request_id"]
    EXECUTOR_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    executor_ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, executor_ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ForceUnlockResponse(_message.Message):
    __slots__ = ["job_ids"]
    JOB_IDS_FIELD_NUMBER: _ClassVar[int]
    job_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, job_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetStatsRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class GetStatsResponse(_message.Message):
    __slots__ = ["added_total", "completed_total", "connected_sessions", "epoch", "failed", "failed_attempts_total", "lease_lost_total", "leased", "leased_total", "oldest_ready_run_at", "ready", "released_total", "scheduled", "server_id", "server_version", "sessions", "started_at", "swept_total"]
    ADDED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FAILED_ATTEMPTS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    LEASED_FIELD_NUMBER: _ClassVar[int]
    LEASED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    LEASE_LOST_TOTAL_FIELD_NUMBER: _ClassVar[int]
    OLDEST_READY_RUN_AT_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    RELEASED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    SERVER_ID_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    SWEPT_TOTAL_FIELD_NUMBER: _ClassVar[int]
    added_total: int
    completed_total: int
    connected_sessions: int
    epoch: int
    failed: int
    failed_attempts_total: int
    lease_lost_total: int
    leased: int
    leased_total: int
    oldest_ready_run_at: _timestamp_pb2.Timestamp
    ready: int
    released_total: int
    scheduled: int
    server_id: str
    server_version: str
    sessions: int
    started_at: _timestamp_pb2.Timestamp
    swept_total: int
    def __init__(self, ready: _Optional[int] = ..., scheduled: _Optional[int] = ..., leased: _Optional[int] = ..., failed: _Optional[int] = ..., added_total: _Optional[int] = ..., completed_total: _Optional[int] = ..., failed_attempts_total: _Optional[int] = ..., released_total: _Optional[int] = ..., swept_total: _Optional[int] = ..., lease_lost_total: _Optional[int] = ..., leased_total: _Optional[int] = ..., connected_sessions: _Optional[int] = ..., sessions: _Optional[int] = ..., epoch: _Optional[int] = ..., server_version: _Optional[str] = ..., server_id: _Optional[str] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., oldest_ready_run_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListCronsRequest(_message.Message):
    __slots__ = ["page_size", "page_token"]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCronsResponse(_message.Message):
    __slots__ = ["crons", "next_page_token"]
    CRONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    crons: _containers.RepeatedCompositeFieldContainer[_cron_pb2.Cron]
    next_page_token: str
    def __init__(self, crons: _Optional[_Iterable[_Union[_cron_pb2.Cron, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListExecutorsRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class ListExecutorsResponse(_message.Message):
    __slots__ = ["executors"]
    EXECUTORS_FIELD_NUMBER: _ClassVar[int]
    executors: _containers.RepeatedCompositeFieldContainer[Executor]
    def __init__(self, executors: _Optional[_Iterable[_Union[Executor, _Mapping]]] = ...) -> None: ...

class ListQueuesRequest(_message.Message):
    __slots__ = ["page_size", "page_token"]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListQueuesResponse(_message.Message):
    __slots__ = ["next_page_token", "queues"]
    class Queue(_message.Message):
        __slots__ = ["failed", "leased", "locked_at", "locked_by", "name", "oldest_ready_run_at", "ready", "scheduled"]
        FAILED_FIELD_NUMBER: _ClassVar[int]
        LEASED_FIELD_NUMBER: _ClassVar[int]
        LOCKED_AT_FIELD_NUMBER: _ClassVar[int]
        LOCKED_BY_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        OLDEST_READY_RUN_AT_FIELD_NUMBER: _ClassVar[int]
        READY_FIELD_NUMBER: _ClassVar[int]
        SCHEDULED_FIELD_NUMBER: _ClassVar[int]
        failed: int
        leased: int
        locked_at: _timestamp_pb2.Timestamp
        locked_by: str
        name: str
        oldest_ready_run_at: _timestamp_pb2.Timestamp
        ready: int
        scheduled: int
        def __init__(self, name: _Optional[str] = ..., ready: _Optional[int] = ..., scheduled: _Optional[int] = ..., leased: _Optional[int] = ..., failed: _Optional[int] = ..., oldest_ready_run_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., locked_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., locked_by: _Optional[str] = ...) -> None: ...
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    next_page_token: str
    queues: _containers.RepeatedCompositeFieldContainer[ListQueuesResponse.Queue]
    def __init__(self, queues: _Optional[_Iterable[_Union[ListQueuesResponse.Queue, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListServersRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class ListServersResponse(_message.Message):
    __slots__ = ["connected_sessions", "servers", "sessions"]
    class Server(_message.Message):
        __slots__ = ["address", "epoch", "id", "leads", "silent", "started_at", "streams", "version"]
        ADDRESS_FIELD_NUMBER: _ClassVar[int]
        EPOCH_FIELD_NUMBER: _ClassVar[int]
        ID_FIELD_NUMBER: _ClassVar[int]
        LEADS_FIELD_NUMBER: _ClassVar[int]
        SILENT_FIELD_NUMBER: _ClassVar[int]
        STARTED_AT_FIELD_NUMBER: _ClassVar[int]
        STREAMS_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        address: str
        epoch: int
        id: str
        leads: bool
        silent: _duration_pb2.Duration
        started_at: _timestamp_pb2.Timestamp
        streams: int
        version: str
        def __init__(self, id: _Optional[str] = ..., address: _Optional[str] = ..., version: _Optional[str] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., silent: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., streams: _Optional[int] = ..., leads: bool = ..., epoch: _Optional[int] = ...) -> None: ...
    CONNECTED_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    SERVERS_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    connected_sessions: int
    servers: _containers.RepeatedCompositeFieldContainer[ListServersResponse.Server]
    sessions: int
    def __init__(self, servers: _Optional[_Iterable[_Union[ListServersResponse.Server, _Mapping]]] = ..., connected_sessions: _Optional[int] = ..., sessions: _Optional[int] = ...) -> None: ...

class ListTasksRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class ListTasksResponse(_message.Message):
    __slots__ = ["tasks"]
    class Task(_message.Message):
        __slots__ = ["executors", "failed", "leased", "name", "oldest_ready_run_at", "ready", "scheduled"]
        EXECUTORS_FIELD_NUMBER: _ClassVar[int]
        FAILED_FIELD_NUMBER: _ClassVar[int]
        LEASED_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        OLDEST_READY_RUN_AT_FIELD_NUMBER: _ClassVar[int]
        READY_FIELD_NUMBER: _ClassVar[int]
        SCHEDULED_FIELD_NUMBER: _ClassVar[int]
        executors: int
        failed: int
        leased: int
        name: str
        oldest_ready_run_at: _timestamp_pb2.Timestamp
        ready: int
        scheduled: int
        def __init__(self, name: _Optional[str] = ..., ready: _Optional[int] = ..., scheduled: _Optional[int] = ..., leased: _Optional[int] = ..., failed: _Optional[int] = ..., oldest_ready_run_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., executors: _Optional[int] = ...) -> None: ...
    TASKS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[ListTasksResponse.Task]
    def __init__(self, tasks: _Optional[_Iterable[_Union[ListTasksResponse.Task, _Mapping]]] = ...) -> None: ...

class PauseCronRequest(_message.Message):
    __slots__ = ["identifier"]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: str
    def __init__(self, identifier: _Optional[str] = ...) -> None: ...

class PauseCronResponse(_message.Message):
    __slots__ = ["cron"]
    CRON_FIELD_NUMBER: _ClassVar[int]
    cron: _cron_pb2.Cron
    def __init__(self, cron: _Optional[_Union[_cron_pb2.Cron, _Mapping]] = ...) -> None: ...

class PutCronRequest(_message.Message):
    __slots__ = ["spec"]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    spec: _cron_pb2.CronSpec
    def __init__(self, spec: _Optional[_Union[_cron_pb2.CronSpec, _Mapping]] = ...) -> None: ...

class PutCronResponse(_message.Message):
    __slots__ = ["cron"]
    CRON_FIELD_NUMBER: _ClassVar[int]
    cron: _cron_pb2.Cron
    def __init__(self, cron: _Optional[_Union[_cron_pb2.Cron, _Mapping]] = ...) -> None: ...

class RemoveCronRequest(_message.Message):
    __slots__ = ["identifier"]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: str
    def __init__(self, identifier: _Optional[str] = ...) -> None: ...

class RemoveCronResponse(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class RescheduleJobsRequest(_message.Message):
    __slots__ = ["attempts", "delay", "ids", "max_attempts", "priority", "request_id", "run_at"]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_AT_FIELD_NUMBER: _ClassVar[int]
    attempts: int
    delay: _duration_pb2.Duration
    ids: _containers.RepeatedScalarFieldContainer[str]
    max_attempts: int
    priority: int
    request_id: str
    run_at: _timestamp_pb2.Timestamp
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., run_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., priority: _Optional[int] = ..., attempts: _Optional[int] = ..., max_attempts: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class RescheduleJobsResponse(_message.Message):
    __slots__ = ["ids"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ResumeCronRequest(_message.Message):
    __slots__ = ["identifier"]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: str
    def __init__(self, identifier: _Optional[str] = ...) -> None: ...

class ResumeCronResponse(_message.Message):
    __slots__ = ["cron"]
    CRON_FIELD_NUMBER: _ClassVar[int]
    cron: _cron_pb2.Cron
    def __init__(self, cron: _Optional[_Union[_cron_pb2.Cron, _Mapping]] = ...) -> None: ...

class RunCronRequest(_message.Message):
    __slots__ = ["identifier", "request_id"]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    identifier: str
    request_id: str
    def __init__(self, identifier: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RunCronResponse(_message.Message):
    __slots__ = ["job_id"]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class SweepExecutorsRequest(_message.Message):
    __slots__ = ["dry_run", "recovery_delay", "threshold"]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_DELAY_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    dry_run: bool
    recovery_delay: _duration_pb2.Duration
    threshold: _duration_pb2.Duration
    def __init__(self, threshold: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., recovery_delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., dry_run: bool = ...) -> None: ...

class SweepExecutorsResponse(_message.Message):
    __slots__ = ["executors"]
    EXECUTORS_FIELD_NUMBER: _ClassVar[int]
    executors: _containers.RepeatedCompositeFieldContainer[Executor]
    def __init__(self, executors: _Optional[_Iterable[_Union[Executor, _Mapping]]] = ...) -> None: ...
