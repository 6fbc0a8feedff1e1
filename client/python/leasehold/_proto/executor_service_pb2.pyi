from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CompleteRequest(_message.Message):
    __slots__ = ["lease_tokens", "request_id"]
    LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    lease_tokens: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, lease_tokens: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CompleteResponse(_message.Message):
    __slots__ = ["results"]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[OutcomeResult]
    def __init__(self, results: _Optional[_Iterable[_Union[OutcomeResult, _Mapping]]] = ...) -> None: ...

class FailRequest(_message.Message):
    __slots__ = ["failures", "request_id"]
    class Failure(_message.Message):
        __slots__ = ["fail", "lease_token"]
        FAIL_FIELD_NUMBER: _ClassVar[int]
        LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
        fail: Outcome.Fail
        lease_token: str
        def __init__(self, lease_token: _Optional[str] = ..., fail: _Optional[_Union[Outcome.Fail, _Mapping]] = ...) -> None: ...
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    failures: _containers.RepeatedCompositeFieldContainer[FailRequest.Failure]
    request_id: str
    def __init__(self, failures: _Optional[_Iterable[_Union[FailRequest.Failure, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class FailResponse(_message.Message):
    __slots__ = ["results"]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[OutcomeResult]
    def __init__(self, results: _Optional[_Iterable[_Union[OutcomeResult, _Mapping]]] = ...) -> None: ...

class LeaseJobsRequest(_message.Message):
    __slots__ = ["drain", "heartbeat", "open", "outcomes", "received_sequence", "release", "started", "window"]
    class Drain(_message.Message):
        __slots__ = []
        def __init__(self) -> None: ...
    class Heartbeat(_message.Message):
        __slots__ = []
        def __init__(self) -> None: ...
    class Open(_message.Message):
        __slots__ = ["capabilities", "epoch", "executor_name", "forbidden_flags", "held_tokens", "once", "sdk_name", "sdk_version", "session_id", "tasks", "window"]
        CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
        EPOCH_FIELD_NUMBER: _ClassVar[int]
        EXECUTOR_NAME_FIELD_NUMBER: _ClassVar[int]
        FORBIDDEN_FLAGS_FIELD_NUMBER: _ClassVar[int]
        HELD_TOKENS_FIELD_NUMBER: _ClassVar[int]
        ONCE_FIELD_NUMBER: _ClassVar[int]
        SDK_NAME_FIELD_NUMBER: _ClassVar[int]
        SDK_VERSION_FIELD_NUMBER: _ClassVar[int]
        SESSION_ID_FIELD_NUMBER: _ClassVar[int]
        TASKS_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        capabilities: _containers.RepeatedScalarFieldContainer[str]
        epoch: int
        executor_name: str
        forbidden_flags: _containers.RepeatedScalarFieldContainer[str]
        held_tokens: _containers.RepeatedScalarFieldContainer[str]
        once: bool
        sdk_name: str
        sdk_version: str
        session_id: str
        tasks: _containers.RepeatedScalarFieldContainer[str]
        window: LeaseJobsRequest.Window
        def __init__(self, executor_name: _Optional[str] = ..., session_id: _Optional[str] = ..., held_tokens: _Optional[_Iterable[str]] = ..., tasks: _Optional[_Iterable[str]] = ..., forbidden_flags: _Optional[_Iterable[str]] = ..., window: _Optional[_Union[LeaseJobsRequest.Window, _Mapping]] = ..., sdk_name: _Optional[str] = ..., sdk_version: _Optional[str] = ..., once: bool = ..., capabilities: _Optional[_Iterable[str]] = ..., epoch: _Optional[int] = ...) -> None: ...
    class Outcomes(_message.Message):
        __slots__ = ["outcomes", "sequence"]
        OUTCOMES_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        outcomes: _containers.RepeatedCompositeFieldContainer[Outcome]
        sequence: int
        def __init__(self, sequence: _Optional[int] = ..., outcomes: _Optional[_Iterable[_Union[Outcome, _Mapping]]] = ...) -> None: ...
    class Release(_message.Message):
        __slots__ = ["lease_tokens"]
        LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
        lease_tokens: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, lease_tokens: _Optional[_Iterable[str]] = ...) -> None: ...
    class Started(_message.Message):
        __slots__ = ["lease_tokens"]
        LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
        lease_tokens: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, lease_tokens: _Optional[_Iterable[str]] = ...) -> None: ...
    class Window(_message.Message):
        __slots__ = ["bytes", "jobs"]
        BYTES_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        bytes: int
        jobs: int
        def __init__(self, jobs: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    drain: LeaseJobsRequest.Drain
    heartbeat: LeaseJobsRequest.Heartbeat
    open: LeaseJobsRequest.Open
    outcomes: LeaseJobsRequest.Outcomes
    received_sequence: int
    release: LeaseJobsRequest.Release
    started: LeaseJobsRequest.Started
    window: LeaseJobsRequest.Window
    def __init__(self, open: _Optional[_Union[LeaseJobsRequest.Open, _Mapping]] = ..., window: _Optional[_Union[LeaseJobsRequest.Window, _Mapping]] = ..., started: _Optional[_Union[LeaseJobsRequest.Started, _Mapping]] = ..., outcomes: _Optional[_Union[LeaseJobsRequest.Outcomes, _Mapping]] = ..., release: _Optional[_Union[LeaseJobsRequest.Release, _Mapping]] = ..., heartbeat: _Optional[_Union[LeaseJobsRequest.Heartbeat, _Mapping]] = ..., drain: _Optional[_Union[LeaseJobsRequest.Drain, _Mapping]] = ..., received_sequence: _Optional[int] = ...) -> None: ...

class LeaseJobsResponse(_message.Message):
    __slots__ = ["cancel", "epoch", "handover", "heartbeat", "idle", "jobs", "opened", "recall", "recorded", "revoke"]
    class Cancel(_message.Message):
        __slots__ = ["lease_tokens", "reason"]
        LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        lease_tokens: _containers.RepeatedScalarFieldContainer[str]
        reason: str
        def __init__(self, lease_tokens: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ...) -> None: ...
    class Handover(_message.Message):
        __slots__ = ["addresses", "leases_safe_until"]
        ADDRESSES_FIELD_NUMBER: _ClassVar[int]
        LEASES_SAFE_UNTIL_FIELD_NUMBER: _ClassVar[int]
        addresses: _containers.RepeatedScalarFieldContainer[str]
        leases_safe_until: _timestamp_pb2.Timestamp
        def __init__(self, addresses: _Optional[_Iterable[str]] = ..., leases_safe_until: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
    class Heartbeat(_message.Message):
        __slots__ = ["reply"]
        REPLY_FIELD_NUMBER: _ClassVar[int]
        reply: bool
        def __init__(self, reply: bool = ...) -> None: ...
    class Idle(_message.Message):
        __slots__ = []
        def __init__(self) -> None: ...
    class Jobs(_message.Message):
        __slots__ = ["jobs", "sequence"]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        jobs: _containers.RepeatedCompositeFieldContainer[LeasedJob]
        sequence: int
        def __init__(self, sequence: _Optional[int] = ..., jobs: _Optional[_Iterable[_Union[LeasedJob, _Mapping]]] = ...) -> None: ...
    class Opened(_message.Message):
        __slots__ = ["addresses", "capabilities", "executor_id", "frame_limit", "heartbeat_interval", "lost_tokens", "payload_limit", "resumed", "resumed_tokens", "server_version", "session_id", "session_timeout"]
        ADDRESSES_FIELD_NUMBER: _ClassVar[int]
        CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
        EXECUTOR_ID_FIELD_NUMBER: _ClassVar[int]
        FRAME_LIMIT_FIELD_NUMBER: _ClassVar[int]
        HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
        LOST_TOKENS_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_LIMIT_FIELD_NUMBER: _ClassVar[int]
        RESUMED_FIELD_NUMBER: _ClassVar[int]
        RESUMED_TOKENS_FIELD_NUMBER: _ClassVar[int]
        SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
        SESSION_ID_FIELD_NUMBER: _ClassVar[int]
        SESSION_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
        addresses: _containers.RepeatedScalarFieldContainer[str]
        capabilities: _containers.RepeatedScalarFieldContainer[str]
        executor_id: str
        frame_limit: int
        heartbeat_interval: _duration_pb2.Duration
        lost_tokens: _containers.RepeatedScalarFieldContainer[str]
        payload_limit: int
        resumed: bool
        resumed_tokens: _containers.RepeatedScalarFieldContainer[str]
        server_version: str
        session_id: str
        session_timeout: _duration_pb2.Duration
        def __init__(self, session_id: _Optional[str] = ..., executor_id: _Optional[str] = ..., heartbeat_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., session_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., resumed_tokens: _Optional[_Iterable[str]] = ..., lost_tokens: _Optional[_Iterable[str]] = ..., payload_limit: _Optional[int] = ..., frame_limit: _Optional[int] = ..., server_version: _Optional[str] = ..., addresses: _Optional[_Iterable[str]] = ..., capabilities: _Optional[_Iterable[str]] = ..., resumed: bool = ...) -> None: ...
    class Recall(_message.Message):
        __slots__ = ["lease_tokens"]
        LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
        lease_tokens: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, lease_tokens: _Optional[_Iterable[str]] = ...) -> None: ...
    class Recorded(_message.Message):
        __slots__ = ["results", "sequence"]
        RESULTS_FIELD_NUMBER: _ClassVar[int]
        SEQUENCE_FIELD_NUMBER: _ClassVar[int]
        results: _containers.RepeatedCompositeFieldContainer[OutcomeResult]
        sequence: int
        def __init__(self, sequence: _Optional[int] = ..., results: _Optional[_Iterable[_Union[OutcomeResult, _Mapping]]] = ...) -> None: ...
    class Revoke(_message.Message):
        __slots__ = ["lease_tokens", "reason"]
        LEASE_TOKENS_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        lease_tokens: _containers.RepeatedScalarFieldContainer[str]
        reason: str
        def __init__(self, lease_tokens: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ...) -> None: ...
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    HANDOVER_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    IDLE_FIELD_NUMBER: _ClassVar[int]
    JOBS_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    REVOKE_FIELD_NUMBER: _ClassVar[int]
    cancel: LeaseJobsResponse.Cancel
    epoch: int
    handover: LeaseJobsResponse.Handover
    heartbeat: LeaseJobsResponse.Heartbeat
    idle: LeaseJobsResponse.Idle
    jobs: LeaseJobsResponse.Jobs
    opened: LeaseJobsResponse.Opened
    recall: LeaseJobsResponse.Recall
    recorded: LeaseJobsResponse.Recorded
    revoke: LeaseJobsResponse.Revoke
    def __init__(self, opened: _Optional[_Union[LeaseJobsResponse.Opened, _Mapping]] = ..., jobs: _Optional[_Union[LeaseJobsResponse.Jobs, _Mapping]] = ..., recorded: _Optional[_Union[LeaseJobsResponse.Recorded, _Mapping]] = ..., recall: _Optional[_Union[LeaseJobsResponse.Recall, _Mapping]] = ..., cancel: _Optional[_Union[LeaseJobsResponse.Cancel, _Mapping]] = ..., revoke: _Optional[_Union[LeaseJobsResponse.Revoke, _Mapping]] = ..., handover: _Optional[_Union[LeaseJobsResponse.Handover, _Mapping]] = ..., idle: _Optional[_Union[LeaseJobsResponse.Idle, _Mapping]] = ..., heartbeat: _Optional[_Union[LeaseJobsResponse.Heartbeat, _Mapping]] = ..., epoch: _Optional[int] = ...) -> None: ...

class LeasedJob(_message.Message):
    __slots__ = ["attempt", "created_at", "fencing_number", "flags", "id", "key", "lease_token", "max_attempts", "metadata", "payload", "priority", "queue_name", "run_at", "task"]
    class MetadataEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    FENCING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    RUN_AT_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    created_at: _timestamp_pb2.Timestamp
    fencing_number: int
    flags: _containers.RepeatedScalarFieldContainer[str]
    id: str
    key: str
    lease_token: str
    max_attempts: int
    metadata: _containers.ScalarMap[str, str]
    payload: str
    priority: int
    queue_name: str
    run_at: _timestamp_pb2.Timestamp
    task: str
    def __init__(self, lease_token: _Optional[str] = ..., fencing_number: _Optional[int] = ..., id: _Optional[str] = ..., task: _Optional[str] = ..., payload: _Optional[str] = ..., queue_name: _Optional[str] = ..., attempt: _Optional[int] = ..., max_attempts: _Optional[int] = ..., key: _Optional[str] = ..., priority: _Optional[int] = ..., run_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., flags: _Optional[_Iterable[str]] = ...) -> None: ...

class Outcome(_message.Message):
    __slots__ = ["complete", "fail", "lease_token", "release"]
    class Complete(_message.Message):
        __slots__ = []
        def __init__(self) -> None: ...
    class Fail(_message.Message):
        __slots__ = ["error", "payload", "permanent", "retry_after"]
        ERROR_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_FIELD_NUMBER: _ClassVar[int]
        PERMANENT_FIELD_NUMBER: _ClassVar[int]
        RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
        error: str
        payload: str
        permanent: bool
        retry_after: _duration_pb2.Duration
        def __init__(self, error: _Optional[str] = ..., permanent: bool = ..., retry_after: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., payload: _Optional[str] = ...) -> None: ...
    class Release(_message.Message):
        __slots__ = ["delay"]
        DELAY_FIELD_NUMBER: _ClassVar[int]
        delay: _duration_pb2.Duration
        def __init__(self, delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    FAIL_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    complete: Outcome.Complete
    fail: Outcome.Fail
    lease_token: str
    release: Outcome.Release
    def __init__(self, lease_token: _Optional[str] = ..., complete: _Optional[_Union[Outcome.Complete, _Mapping]] = ..., fail: _Optional[_Union[Outcome.Fail, _Mapping]] = ..., release: _Optional[_Union[Outcome.Release, _Mapping]] = ...) -> None: ...

class OutcomeResult(_message.Message):
    __slots__ = ["code", "lease_token", "message", "reason"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    code: int
    lease_token: str
    message: str
    reason: str
    def __init__(self, lease_token: _Optional[str] = ..., code: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
