"""The calls of the clients, blocking or not: what they send and what they answer."""
from datetime import datetime, timedelta
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence, Union

from leasehold._calls import Call, make_request_id
from leasehold._convert import JsonText, datetime_of, dump, set_duration, set_timestamp
from leasehold._modes import mode_of
from leasehold._proto import admin_service_pb2 as admin
from leasehold._proto import cron_pb2, job_pb2
from leasehold._proto import job_service_pb2 as service
from leasehold.crons import AppliedCrontab, Cron, CronSpec, applied_of, cron_of
from leasehold.errors import Error, invalid
from leasehold.jobs import Job, JobPage, JobState, NewJob, job_of


class CronPage(NamedTuple):
    crons: List[Cron]
    next_page_token: str


def _payload(payload: Any, field: str) -> str:
    try:
        return dump(payload)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(field, f"JSON cannot say it: {error}") from error


def _fill_in(proto: Any, job: Union[NewJob, CronSpec], name: str) -> None:
    """What jobs and crons have in common."""
    if job.payload is not None:
        proto.payload = _payload(job.payload, f"{name}.payload")
    for field in ("queue_name", "max_attempts", "priority"):
        value = getattr(job, field)
        if value is not None:
            setattr(proto, field, value)
    if job.job_key is not None:
        proto.key = job.job_key
    if job.job_key_mode is not None:
        proto.if_exists = mode_of(job.job_key_mode, f"{name}.job_key_mode")
    if isinstance(job.flags, str):
        raise invalid(f"{name}.flags", "is a text: give a list of them")
    proto.flags.extend(job.flags)


def _set_new_job(proto: job_pb2.NewJob, job: NewJob, name: str) -> None:
    if not isinstance(job, NewJob):
        raise invalid(name, f"is no NewJob: {job!r}")
    try:
        proto.task = job.task
        _fill_in(proto, job, name)
        for key, value in job.metadata.items():
            proto.metadata[key] = value
    except UnicodeEncodeError as error:
        raise invalid(name, f"is not UTF-8: {error}") from error
    except (TypeError, ValueError) as error:
        if isinstance(error, Error):
            raise
        raise invalid(name, str(error)) from error
    try:
        if job.run_at is not None:
            set_timestamp(proto.run_at, job.run_at)
    except (TypeError, ValueError, AttributeError) as error:
        raise invalid(f"{name}.run_at", str(error)) from error
    try:
        if job.delay is not None:
            set_duration(proto.delay, job.delay)
    except (TypeError, ValueError) as error:
        raise invalid(f"{name}.delay", str(error)) from error


def add_job(job: NewJob, request_id: Optional[str]) -> Call[str]:
    request = service.AddJobRequest(request_id=request_id or make_request_id())
    _set_new_job(request.job, job, "job")
    return Call("AddJob", request, lambda response: str(response.id))


def add_jobs(jobs: Iterable[NewJob], request_id: Optional[str]) -> Call[List[str]]:
    request = service.AddJobsRequest(request_id=request_id or make_request_id())
    for index, job in enumerate(jobs):
        _set_new_job(request.jobs.add(), job, f"jobs[{index}]")
    return Call("AddJobs", request, lambda response: list(response.ids))


def batch_payload(items: Sequence[Any]) -> JsonText:
    if not items:
        raise invalid("items", "must not be empty")
    texts = [_payload(item, f"items[{index}]") for index, item in enumerate(items)]
    return JsonText("[" + ",".join(texts) + "]")


def get_job(job_id: str) -> Call[Job]:
    request = service.GetJobRequest(id=str(job_id))
    return Call("GetJob", request, lambda response: job_of(response.job))


def list_jobs(
    task: Optional[str],
    queue_name: Optional[str],
    state: Optional[JobState],
    page_size: int,
    page_token: str,
) -> Call[JobPage]:
    request = service.ListJobsRequest(page_size=page_size, page_token=page_token)
    if task is not None:
        request.task = task
    if queue_name is not None:
        request.queue_name = queue_name
    if state is not None:
        request.state = state.value  # type: ignore[assignment,unused-ignore]
    return Call(
        "ListJobs",
        request,
        lambda response: JobPage([job_of(job) for job in response.jobs], response.next_page_token),
    )


def remove_job(job_key: str, request_id: Optional[str]) -> Call[str]:
    request = service.RemoveJobRequest(key=job_key, request_id=request_id or make_request_id())
    return Call("RemoveJob", request, lambda response: str(response.id))


def put_cron(spec: CronSpec) -> Call[Cron]:
    if not isinstance(spec, CronSpec):
        raise invalid("spec", f"is no CronSpec: {spec!r}")
    proto = cron_pb2.CronSpec()
    try:
        proto.identifier = spec.identifier or ""
        proto.schedule = spec.schedule
        proto.time_zone = spec.time_zone or ""
        proto.task = spec.task
        _fill_in(proto, spec, "spec")
    except UnicodeEncodeError as error:
        raise invalid("spec", f"is not UTF-8: {error}") from error
    except (TypeError, ValueError) as error:
        if isinstance(error, Error):
            raise
        raise invalid("spec", str(error)) from error
    if spec.fill is not None:
        try:
            set_duration(proto.fill, spec.fill)
        except (TypeError, ValueError) as error:
            raise invalid("spec.fill", str(error)) from error
    request = admin.PutCronRequest(spec=proto)
    return Call("PutCron", request, lambda response: cron_of(response.cron))


def list_crons(page_token: str) -> Call[CronPage]:
    request = admin.ListCronsRequest(page_token=page_token)
    return Call(
        "ListCrons",
        request,
        lambda response: CronPage(
            [cron_of(cron) for cron in response.crons], response.next_page_token
        ),
    )


def pause_cron(identifier: str) -> Call[Cron]:
    request = admin.PauseCronRequest(identifier=identifier)
    return Call("PauseCron", request, lambda response: cron_of(response.cron))


def resume_cron(identifier: str) -> Call[Cron]:
    request = admin.ResumeCronRequest(identifier=identifier)
    return Call("ResumeCron", request, lambda response: cron_of(response.cron))


def remove_cron(identifier: str) -> Call[None]:
    request = admin.RemoveCronRequest(identifier=identifier)
    return Call("RemoveCron", request, lambda response: None)


def run_cron(identifier: str, request_id: Optional[str]) -> Call[str]:
    request = admin.RunCronRequest(
        identifier=identifier, request_id=request_id or make_request_id()
    )
    return Call("RunCron", request, lambda response: str(response.job_id))


def apply_crontab(text: str, name: str) -> Call[AppliedCrontab]:
    request = admin.ApplyCrontabRequest(crontab=text, name=name)
    return Call("ApplyCrontab", request, applied_of)


def advance_clock(by: Union[timedelta, float]) -> Call[datetime]:
    request = admin.AdvanceClockRequest()
    try:
        set_duration(request.by, by)
    except (TypeError, ValueError) as error:
        raise invalid("by", str(error)) from error
    return Call("AdvanceClock", request, lambda response: datetime_of(response.now))
