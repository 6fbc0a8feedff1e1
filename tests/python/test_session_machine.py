"""The session's rules for jobs, receipts and outcomes; those for broken streams and for leaving
are in test_session_resume.py and test_session_leaving.py.
"""
import pytest

from leasehold._proto.executor_service_pb2 import Outcome
from leasehold._session.types import CancelJobs, WithdrawJobs


def test_opens_with_its_tasks_and_a_window_of_its_handlers_and_the_prefetched_jobs(session):
    session.start(forbidden_flags=["gpu"])
    assert session.address == "one:1"
    assert session.opening.executor_name == "test"
    assert session.opening.session_id == ""
    assert list(session.opening.tasks) == ["hello"]
    assert list(session.opening.forbidden_flags) == ["gpu"]
    assert session.opening.window.jobs == 4
    assert session.opening.sdk_name == "leasehold-python"


def test_says_that_a_job_starts_and_that_it_came_before_its_handler_begins(session):
    session.open()
    session.deliver_jobs("1")
    assert session.sent() == ["started t1"]
    assert session.acknowledged == 1
    assert session.offered == ["1"]


def test_starts_no_handler_before_the_receipt_could_be_sent(session):
    session.open()
    session.hold_writes = True
    session.deliver_jobs("1")
    session.deliver_jobs("2")
    assert session.offered == ["1"]
    session.finish_write()
    assert session.offered == ["1", "2"]
    assert session.sent() == ["started t1", "started t2"]


def test_acknowledges_within_100_milliseconds_when_all_handlers_are_busy(session):
    session.open()
    session.deliver_jobs("1", "2")
    session.sent()
    session.deliver_jobs("3")
    assert session.sent() == []
    session.pass_time(0.099)
    assert session.sent() == ["heartbeat"]
    assert session.acknowledged == 2


def test_answers_at_once_when_the_server_misses_a_receipt(session):
    session.open()
    session.deliver_heartbeat()
    assert session.sent() == []
    session.ask_for_receipt()
    assert session.sent() == ["heartbeat"]


def test_sends_a_frame_in_each_heartbeat_interval(session):
    session.open()
    for _ in range(3):
        session.pass_time(4.9)
        assert session.sent() == ["heartbeat"]
        session.deliver_heartbeat()


def test_lets_its_heartbeat_go_along_with_the_servers_when_half_the_interval_is_over(session):
    session.open()
    session.pass_time(2.4)
    session.deliver_heartbeat()
    assert session.sent() == []
    session.pass_time(0.2)
    session.deliver_heartbeat()
    assert session.sent() == ["heartbeat"]


def test_gives_handlers_only_announced_jobs_before_its_first_record(session):
    session.open()
    session.deliver_jobs("1", "2", "3", "4")
    assert session.offered == ["1", "2"]
    session.run_through("1")
    assert session.sent() == ["started t1 t2", "outcomes #1 t1:complete", "started t3"]
    assert session.offered == ["2", "3"]


def test_gives_handlers_jobs_ahead_once_outcomes_are_recorded(session):
    session.open()
    session.deliver_jobs("1", "2", "3", "4")
    session.run_through("1")
    session.deliver_recorded(1)
    assert session.offered == ["2", "3", "4"]
    session.sent()
    session.run_through("2", "3")
    session.sent()
    # Nobody announced it: its start is told when it happens.
    session.begin("4")
    assert session.sent() == ["started t4"]


def test_sends_what_ended_during_a_write_in_one_frame(session):
    session.open()
    session.deliver_jobs("1", "2")
    session.sent()
    session.hold_writes = True
    session.ask_for_receipt()
    session.run_through("1", "2")
    assert session.sent() == ["heartbeat"]
    session.finish_write()
    assert session.sent() == ["outcomes #1 t1:complete t2:complete"]


def test_tells_the_start_of_a_long_job_under_a_stream_of_outcomes(session):
    session.open()
    session.deliver_jobs("1", "2", "3", "4")
    session.run_through("1")
    session.deliver_recorded(1)
    session.sent()
    session.hold_writes = True
    session.run_through("2")
    session.begin("3")
    session.begin("4")
    session.finish("3")
    session.finish_write()
    assert session.sent() == ["outcomes #2 t2:complete", "outcomes #3 t3:complete"]
    session.finish_write()
    assert session.sent() == ["started t4"]


def test_splits_outcomes_by_the_servers_frame_limit(session):
    session.start()
    session.deliver(session.opened(frame_limit=200))
    session.deliver_jobs("1", "2")
    session.sent()
    session.hold_writes = True
    session.ask_for_receipt()
    session.begin("1")
    session.begin("2")
    session.finish("1", "e" * 80)
    session.finish("2", "e" * 80)
    session.finish_write()
    session.finish_write()
    assert session.sent() == ["heartbeat", "outcomes #1 t1:fail", "outcomes #2 t2:fail"]


def test_logs_a_result_that_the_server_refused_because_the_lease_is_lost(session):
    session.open()
    session.deliver_jobs("1")
    session.run_through("1")
    session.deliver_recorded(1, "t1", "LEASE_LOST")
    (line,) = session.logged()
    assert line.startswith("warning [1] its result does not count: complete")


def test_reports_a_failure_instead_of_a_result_that_the_server_cannot_take(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    session.finish("1", "odd")
    session.sent()
    session.deliver_recorded(1, "t1", "INVALID_OUTCOME")
    assert session.sent() == ["outcomes #2 t1:fail"]
    session.deliver_recorded(2, "t1", "INVALID_OUTCOME")
    assert session.sent() == []


def test_gives_back_recalled_jobs_that_have_not_started(session):
    session.open()
    session.deliver_jobs("1", "2", "3", "4")
    session.begin("1")
    session.begin("2")
    session.finish("1")
    session.deliver_recorded(1)
    session.sent()
    # 3 is announced, 4 was handed ahead, neither has begun.
    assert session.offered == ["3", "4"]
    session.recall("t2", "t3", "t4")
    assert session.sent() == ["release t4"]
    assert session.offered == ["3"]


def test_stops_a_run_that_somebody_cancelled_and_reports_its_outcome(session):
    session.open()
    session.deliver_jobs("1", "2", "3")
    session.begin("1")
    session.begin("2")
    session.sent()
    session.cancel("t1", "t3")
    assert session.was_cancelled("1")
    assert not session.was_cancelled("2")
    # One that has not started goes back.
    assert session.sent() == ["release t3"]
    session.finish("1", "cancelled")
    assert session.sent() == ["outcomes #1 t1:fail"]


def test_cancels_revoked_jobs_and_never_sends_their_outcomes(session):
    session.open()
    session.deliver_jobs("1", "2", "3")
    session.begin("1")
    session.begin("2")
    session.sent()
    session.revoke("t1", "t3")
    assert session.was_cancelled("1")
    session.logged()
    session.finish("1")
    assert any("warning [1] the lease is lost" in line for line in session.logged())
    session.finish("2")
    assert session.sent() == ["outcomes #1 t2:complete"]
    assert session.offered == []


def test_keeps_an_unstarted_revoked_job_from_its_handler(session):
    session.open()
    session.deliver_jobs("1")
    assert session.offered == ["1"]
    session.revoke("t1")
    assert session.offered == []


@pytest.mark.parametrize("kind", ["cancel", "revoke"])
def test_withdraws_before_it_cancels(session, kind):
    """A handler that takes the job between the two would never be told."""
    session.open()
    session.deliver_jobs("1", "2")
    order = []
    do = session._do
    session._do = lambda action: (order.append(type(action)), do(action))
    getattr(session, kind)("t1", "t2")
    assert [one for one in order if one in (WithdrawJobs, CancelJobs)] == [
        WithdrawJobs, CancelJobs]


@pytest.mark.parametrize("answered", ["before", "after"])
def test_does_not_mind_when_handlers_answer_a_withdrawal(session, answered):
    session.open()
    session.deliver_jobs("1", "2")
    session.begin("1")
    session.hold_withdrawals = True
    session.end_stream()
    if answered == "before":
        session.answer_withdrawals()
    session.pass_to_next_tick()
    session.sent()
    session.deliver(session.resumed(["t1", "t2"]))
    session.answer_withdrawals()
    assert session.offered == ["2"]
    session.run_through("2")
    session.finish("1")
    assert [line for line in session.sent() if "outcomes" in line] == [
        "outcomes #1 t2:complete", "outcomes #2 t1:complete"]


def test_runs_a_job_once_that_comes_again_after_a_broken_stream(session):
    session.open()
    session.deliver_jobs("1", "2")
    session.begin("1")
    session.end_stream()
    session.pass_to_next_tick()
    session.deliver(session.resumed(["t1", "t2"]))
    session.deliver_jobs("1", "2")
    session.pass_time(0.1)
    assert session.acknowledged == 1
    assert session.offered == ["2"]
    session.run_through("2")
    session.finish("1")
    assert session.offered == []


def test_leaves_out_a_new_payload_that_is_over_the_servers_limit(session):
    session.start()
    session.deliver(session.opened(payload_limit=10))
    session.deliver_jobs("1")
    outcome = Outcome()
    outcome.fail.payload = " " * 11
    session.machine.on_handlers([], [(1, outcome)], session.now)
    session.perform()
    (sent,) = [frame.outcomes for frame in session.frames if frame.HasField("outcomes")]
    assert not sent.outcomes[0].fail.HasField("payload")
    assert "over the limit of 10" in sent.outcomes[0].fail.error


def test_resumes_under_a_new_list_of_tasks(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    session.machine.set_tasks(["hello", "other"], session.now)
    session.perform()
    assert session.streams_opened == 2
    assert list(session.opening.tasks) == ["hello", "other"]
    assert list(session.opening.held_tokens) == ["t1"]
    session.machine.set_tasks(["hello", "other"], session.now)
    session.perform()
    assert session.streams_opened == 2


def test_pauses_without_a_task(session):
    session.open()
    session.machine.set_tasks([], session.now)
    session.perform()
    assert session.opening.window.jobs == 0
    assert list(session.opening.tasks) == ["hello"]
    session.machine.set_tasks(["hello"], session.now)
    session.perform()
    assert session.opening.window.jobs == 4


def test_offers_no_more_than_handlers_of_the_session_before_leave_free(session):
    """Its process has died; they report to this one."""
    session.open(first_handle=10, occupied=1)
    session.deliver_jobs("1", "2", "3", "4")
    assert session.offered == ["1"]
    session.machine.on_handlers([], [(9, None)], session.now)
    session.perform()
    assert session.offered == ["1", "2"]
    assert session.sent() == ["started t1", "started t2"]


def test_stays_paused_when_it_takes_the_place_of_a_session_that_was(session):
    session.open(paused=True)
    assert session.opening.window.jobs == 0
    session.machine.set_tasks(["hello"], session.now)
    session.perform()
    assert session.opening.window.jobs == 4
