"""Leasehold: background jobs for programs in any language, kept by one server.

Client adds jobs (leasehold.aio.Client for asyncio), Executor runs them.
"""
from leasehold._convert import JsonText
from leasehold._version import VERSION as __version__
from leasehold.cancellation import AsyncCancellation, Cancellation
from leasehold.client import Client
from leasehold.context import AsyncJobContext, JobContext
from leasehold.crons import AppliedCrontab, Cron, CronSpec
from leasehold.errors import (
    AlreadyExists,
    Error,
    FailedPrecondition,
    InvalidRequest,
    KeyExists,
    LeaseLost,
    NotFound,
    PermissionDenied,
    SessionLost,
    ShutdownIncomplete,
    Unavailable,
    Violation,
)
from leasehold.executor import Executor
from leasehold.jobs import Job, JobPage, JobState, LeasedJob, NewJob
from leasehold.results import Fail, Permanent, Release, RetryAfter

__all__ = [
    "AlreadyExists",
    "AppliedCrontab",
    "AsyncCancellation",
    "AsyncJobContext",
    "Cancellation",
    "Client",
    "Cron",
    "CronSpec",
    "Error",
    "Executor",
    "Fail",
    "FailedPrecondition",
    "InvalidRequest",
    "Job",
    "JobContext",
    "JobPage",
    "JobState",
    "JsonText",
    "KeyExists",
    "LeaseLost",
    "LeasedJob",
    "NewJob",
    "NotFound",
    "Permanent",
    "PermissionDenied",
    "Release",
    "RetryAfter",
    "SessionLost",
    "ShutdownIncomplete",
    "Unavailable",
    "Violation",
    "__version__",
]
