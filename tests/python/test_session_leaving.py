"""The session's rules for stopping, and for the errors that end it."""
import pytest


def stop(session):
    session.machine.stop(session.now)
    session.perform()


def test_takes_no_more_gives_back_what_has_not_started_and_cancels_what_runs(session):
    session.open()
    session.deliver_jobs("1", "2", "3", "4")
    session.begin("1")
    session.sent()
    stop(session)
    # 2 was announced as started, but no handler has taken it.
    assert session.sent() == ["window 0", "drain", "release t3 t4", "outcomes #1 t2:release"]
    assert session.was_cancelled("1")
    assert session.offered == []
    assert session.ended is None


def test_ends_when_the_last_outcome_is_recorded(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    stop(session)
    session.finish("1")
    assert not session.closed
    session.deliver_recorded(1)
    assert session.closed
    assert session.ended is None
    session.end_stream("OK", "")
    assert session.ended.code == "OK"


def test_does_not_wait_long_for_the_server_to_end_the_stream(session):
    session.open()
    stop(session)
    assert session.closed
    session.pass_to_next_tick()
    assert session.ended.code == "OK"
    assert session.cancelled_streams == {1}


def test_gives_back_jobs_that_cross_its_last_window(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    stop(session)
    session.sent()
    session.deliver_jobs("2")
    assert session.sent() == ["release t2"]


def test_ends_at_once_when_it_holds_nothing_and_has_no_stream(session):
    session.open()
    session.end_stream()
    stop(session)
    assert session.ended.code == "OK"


def test_ends_at_once_when_no_server_has_answered_yet(session):
    session.start()
    stop(session)
    assert session.ended.code == "OK"
    assert session.cancelled_streams == {1}


def test_reconnects_for_outcomes_that_are_not_recorded(session):
    session.open()
    session.deliver_jobs("1")
    session.run_through("1")
    session.end_stream()
    stop(session)
    assert session.ended is None
    session.pass_to_next_tick()
    assert session.opening.window.jobs == 0
    session.sent()
    session.deliver(session.resumed(["t1"]))
    assert session.sent() == ["drain", "outcomes #1 t1:complete"]
    session.deliver_recorded(1)
    session.end_stream("OK", "")
    assert session.ended.code == "OK"


def test_gives_back_what_still_runs_after_the_grace_period(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    stop(session)
    session.sent()
    for _ in range(6):
        session.deliver_heartbeat()
        session.pass_time(5)
    assert "outcomes #1 t1:release+30s" in session.sent()
    session.deliver_recorded(1)
    session.end_stream("OK", "")
    assert session.ended.code == "DEADLINE_EXCEEDED"
    assert "1 handlers ignored their cancellation for 30 s" in session.ended.message


def test_leaves_although_handlers_do_not_answer(session):
    session.open()
    session.hold_withdrawals = True
    session.deliver_jobs("1")
    stop(session)
    for _ in range(6):
        session.deliver_heartbeat()
        session.pass_time(5)
    assert "outcomes #1 t1:release+30s" in session.sent()
    session.deliver_recorded(1)
    session.answer_withdrawals()
    session.end_stream("OK", "")
    assert session.ended.code == "DEADLINE_EXCEEDED"


def test_logs_results_that_could_not_be_recorded_in_time(session):
    session.open()
    session.deliver_jobs("1")
    session.run_through("1")
    session.end_stream()
    stop(session)
    while session.ended is None:
        session.pass_to_next_tick()
        if session.ended is None:
            session.end_stream()
    assert session.ended.code == "DEADLINE_EXCEEDED"
    assert any("[1] its result is lost: it was not recorded in time" in line
               for line in session.logged())


def test_ends_in_once_mode_when_the_server_has_nothing_left(session):
    session.open(once=True)
    assert session.opening.once
    session.deliver_jobs("1")
    session.run_through("1")
    session.deliver_recorded(1)
    assert not session.closed
    session.deliver(idle={})
    assert session.closed
    session.end_stream("OK", "")
    assert session.ended.code == "OK"


def test_ends_when_the_server_finds_it_invalid(session):
    session.open()
    session.deliver_jobs("1", "2", "3")
    session.begin("1")
    session.end_stream("INVALID_ARGUMENT", "tasks: must not be empty")
    assert session.was_cancelled("1")
    assert session.ended is None
    session.finish("1")
    assert session.ended.code == "INVALID_ARGUMENT"
    assert any("[1] the lease is lost; its result does not count" in line
               for line in session.logged())


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"])
def test_ends_when_it_is_refused_from_the_first(session, code):
    session.start()
    session.end_stream(code, "who are you?")
    assert session.ended.code == code


def test_reconnects_when_its_credentials_are_refused_later(session):
    session.open()
    session.end_stream("UNAUTHENTICATED", "rotated")
    assert session.ended is None
    session.pass_to_next_tick()
    assert session.streams_opened == 2


def test_gives_up_when_no_server_answers_for_the_time_given(session):
    session.start(give_up_after=20)
    while session.ended is None:
        session.pass_to_next_tick()
        if session.ended is None:
            session.end_stream()
    assert session.ended.code == "UNAVAILABLE"
    assert session.now == pytest.approx(3620)
