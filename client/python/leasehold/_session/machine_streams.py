"""SessionMachine: connecting, resuming, losing touch."""
from typing import List

from leasehold._convert import seconds_of
from leasehold._session.leases import LOST, STARTED
from leasehold._session.machine_leaving import LeavingRules
from leasehold._session.state import Phase, Stream
from leasehold._session.types import (
    DEBUG,
    INFO,
    NEVER,
    WARNING,
    LeaseJobsRequest,
    LeaseJobsResponse,
    OpenStream,
    Status,
)
from leasehold._version import VERSION

# How long `opened` may take, within the time in which any other frame would.
_SHORTEST_OPEN_TIMEOUT = 1.0
_LONGEST_OPEN_TIMEOUT = 10.0
_LONGEST_BACK_OFF = 5.0
# A stream that ends sooner counts as a failure to connect.
_SETTLED = 1.0
_WARNING_INTERVAL = 30.0


class StreamRules(LeavingRules):
    def connect(self, now: float) -> None:
        self.reconnect_at = NEVER
        self.idle = False
        self.last_stream += 1
        self.stream = Stream(self.last_stream)
        self.stream.writing = True
        timeout = min(
            max(2 * self.heartbeat_interval, _SHORTEST_OPEN_TIMEOUT), _LONGEST_OPEN_TIMEOUT
        )
        self.stream.open_deadline = now + timeout
        self.stream.drain_wanted = self.leaving
        self.actions.append(
            OpenStream(self.stream.id, self.reconnect.address, self._open_frame())
        )

    def _open_frame(self) -> LeaseJobsRequest:
        frame = LeaseJobsRequest()
        opening = frame.open
        opening.executor_name = self.options.executor_name
        opening.session_id = self.session_id
        opening.held_tokens.extend(self.leases.held_tokens())
        opening.tasks.extend(self.options.tasks)
        opening.forbidden_flags.extend(self.options.forbidden_flags)
        opening.window.jobs = self.window()
        opening.sdk_name = "leasehold-python"
        opening.sdk_version = VERSION
        opening.once = self.options.once
        opening.epoch = self.epoch
        return frame

    def connect_again(self, now: float) -> None:
        """The stream is gone, well after it was opened or soon: the next one follows at once or
        later.
        """
        settled = self.stream.open and now - self.stream.opened_at >= _SETTLED
        self.cancel_stream_now()
        if settled:
            self.reconnect.succeeded()
            self.connect(now)
        else:
            self.reconnect_at = now + self.reconnect.failed(None)

    def stream_ended(self, end: Status, now: float) -> None:
        if self.stream.open and now - self.stream.opened_at >= _SETTLED:
            self.reconnect.succeeded()
        self.forget_stream()
        if self.phase is Phase.CLOSING:
            self.end(self.result)
        elif self._is_fatal(end):
            self.begin_stop_without_server(end, now)
        else:
            # Another stream has the session now: only a new one can be ours.
            if end.code == "ABORTED":
                self.session_id = ""
            self.connect_later(end, now)

    def connect_later(self, end: Status, now: float) -> None:
        address = self.reconnect.address
        wait = self.reconnect.failed(end.retry_after)
        self.reconnect.try_another()
        self.reconnect_at = now + wait
        # One broken connection is nothing to wake anybody for.
        level = DEBUG
        if self.reconnect.failures > 1 and now >= self.next_warning:
            level = WARNING
            self.next_warning = now + _WARNING_INTERVAL
        self.log(
            level,
            f"the stream from {address} ended ({end.code}: {end.message}); trying "
            f"{self.reconnect.address} in {wait:.3f} s",
        )

    def _is_fatal(self, status: Status) -> bool:
        if status.code == "INVALID_ARGUMENT":
            return True
        # Later it may be a matter of a rotated key or a proxy that restarts.
        refused = ("UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED")
        return status.code in refused and not self.session_id

    def on_opened(self, opened: LeaseJobsResponse.Opened, now: float) -> None:
        same_session = opened.resumed and opened.session_id == self.session_id
        if same_session:
            self.outbox.resend()
        else:
            self.outbox.renumber()
        self.session_id = opened.session_id
        if opened.HasField("heartbeat_interval"):
            self.heartbeat_interval = seconds_of(opened.heartbeat_interval)
            self.reconnect.limit(min(self.heartbeat_interval, _LONGEST_BACK_OFF))
        self.payload_limit = opened.payload_limit
        self.frame_limit = opened.frame_limit

        self.stream.open = True
        self.stream.opened_at = self.stream.last_written = now
        if self.next_warning != -NEVER or not same_session:
            self.next_warning = -NEVER
            self.log(INFO, f"connected to {self.reconnect.address} as {opened.executor_id}")
        self.reconnect.learn(list(opened.addresses))
        self._adopt_resumed(set(opened.resumed_tokens))

    def _adopt_resumed(self, resumed: "set[str]") -> None:
        lost: List[int] = []
        for handle, lease in self.leases.leases.items():
            if lease.state is LOST:
                continue
            if lease.token not in resumed:
                lost.append(handle)
            elif lease.state is STARTED:
                # Another leader may not know it.
                self.stream.started.append(handle)
        self.lose(lost, "the lease was lost while the stream was broken")

    def on_old_epoch(self, frame: LeaseJobsResponse, now: float) -> None:
        if not frame.HasField("opened"):
            return
        # A server that does not know yet that another leads.
        self.cancel_stream_now()
        self.connect_later(Status("UNAVAILABLE", "it follows a leader of the past"), now)

    def check_contact(self, now: float) -> None:
        if self.phase is Phase.CLOSING or self.without_server:
            return
        stream = self.stream
        if stream.open and now >= stream.last_heard + 2 * self.heartbeat_interval:
            self.log(
                WARNING,
                f"nothing heard from {self.reconnect.address} for "
                f"{now - stream.last_heard:.3f} s: connecting again",
            )
            self.reconnect.try_another()
            self.connect_again(now)
        elif stream.id and not stream.open and now >= stream.open_deadline:
            self.cancel_stream_now()
            self.connect_later(Status("DEADLINE_EXCEEDED", "no answer"), now)
        silent = now - self.last_contact
        if not self.stream.open and silent >= self.options.give_up_after:
            self.cancel_stream_now()
            self.begin_stop_without_server(
                Status(
                    "UNAVAILABLE",
                    f"no server has answered for {self.options.give_up_after:g} s; the last "
                    f"address tried is {self.reconnect.address}: is the server up there?",
                ),
                now,
            )
