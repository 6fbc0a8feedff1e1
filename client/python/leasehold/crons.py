"""Crons: what adds a job at each tick of a schedule."""
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, List, Optional, Sequence, Union

from leasehold._convert import JsonText, datetime_of, seconds_of
from leasehold._proto import admin_service_pb2, cron_pb2
from leasehold._modes import mode_name


@dataclass
class CronSpec:
    """A cron: exactly one job at each tick, over all servers and their restarts.

    `schedule`: minute, hour, day of month, month, day of week, as in "*/15 8-18 * * mon-fri", or
    @hourly, @daily, @weekly, @monthly, @yearly. Where both days are restricted, one is enough.
    """

    schedule: str
    task: str
    # A JSON object; _cron {ts, backfilled} is merged into it. By default {}.
    payload: Any = None
    # Names the cron; by default the task.
    identifier: Optional[str] = None
    # Area/City, whose wall clock the schedule means. By default UTC.
    time_zone: Optional[str] = None
    # How far back ticks are run that no server was there for; a number is in seconds. By
    # default up to a minute.
    fill: Union[timedelta, float, None] = None
    # As in NewJob; job_key_mode "reject" is not for crons.
    max_attempts: Optional[int] = None
    queue_name: Optional[str] = None
    job_key: Optional[str] = None
    job_key_mode: Optional[str] = None
    priority: Optional[int] = None
    flags: Sequence[str] = ()


@dataclass(frozen=True)
class Cron:
    """A cron as the server has it. The payload of `spec` is a JsonText."""

    spec: CronSpec
    # "file" is the leader's --crontab, empty is put_cron(), else the name of apply_crontab().
    source: str
    paused: bool
    # Ticks before it do not count.
    known_since: datetime
    # The last tick that added a job; None: none yet.
    last_run: Optional[datetime]
    # None while it is paused.
    next_run: Optional[datetime]

    @property
    def identifier(self) -> str:
        return self.spec.identifier or self.spec.task


@dataclass(frozen=True)
class AppliedCrontab:
    # Those of the crontab, by identifier.
    crons: List[Cron]
    # Identifiers of stored crons of the same name that it does not have any more.
    removed: List[str]


def cron_of(proto: cron_pb2.Cron) -> Cron:
    spec = proto.spec
    return Cron(
        spec=CronSpec(
            schedule=spec.schedule,
            task=spec.task,
            payload=JsonText(spec.payload),
            identifier=spec.identifier or None,
            time_zone=spec.time_zone or None,
            fill=timedelta(seconds=seconds_of(spec.fill)) if spec.HasField("fill") else None,
            max_attempts=spec.max_attempts if spec.HasField("max_attempts") else None,
            queue_name=spec.queue_name if spec.HasField("queue_name") else None,
            job_key=spec.key if spec.HasField("key") else None,
            job_key_mode=mode_name(int(spec.if_exists)),
            priority=spec.priority if spec.HasField("priority") else None,
            flags=tuple(spec.flags),
        ),
        source=proto.source,
        paused=proto.paused,
        known_since=datetime_of(proto.known_since),
        last_run=datetime_of(proto.last_run) if proto.HasField("last_run") else None,
        next_run=datetime_of(proto.next_run) if proto.HasField("next_run") else None,
    )


def applied_of(proto: admin_service_pb2.ApplyCrontabResponse) -> AppliedCrontab:
    return AppliedCrontab([cron_of(cron) for cron in proto.crons], list(proto.removed))
