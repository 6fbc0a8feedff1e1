"""The session's rules for streams that break, servers that change and leases that are lost
meanwhile.
"""
import pytest

TWO_ADDRESSES = {"addresses": ["one:1", "two:2"]}


def break_and_reconnect(session):
    session.end_stream()
    session.pass_to_next_tick()
    session.sent()
    session.logged()


def held_tokens(session):
    return list(session.opening.held_tokens)


def test_names_what_runs_what_waits_and_what_is_not_recorded(session):
    session.open()
    session.deliver_jobs("1", "2", "3", "4")
    session.run_through("1")
    session.begin("2")
    break_and_reconnect(session)
    assert session.opening.session_id == "session 1"
    assert held_tokens(session) == ["t1", "t2", "t3", "t4"]


def test_does_not_name_what_is_recorded_or_given_back(session):
    session.open()
    session.deliver_jobs("1", "2", "3", "4")
    session.run_through("1")
    session.deliver_recorded(1)
    session.recall("t4")
    break_and_reconnect(session)
    assert held_tokens(session) == ["t2", "t3"]


def test_starts_no_handler_until_the_server_has_said_what_goes_on(session):
    session.open()
    session.deliver_jobs("1", "2", "3")
    session.begin("1")
    session.end_stream()
    assert session.offered == []
    session.pass_to_next_tick()
    assert session.offered == []
    session.sent()
    session.deliver(session.resumed(["t1", "t2", "t3"]))
    assert session.offered == ["2"]
    # Another leader may not know what runs.
    assert session.sent() == ["started t1 t2"]


def test_sends_what_is_not_recorded_again_under_its_old_sequence(session):
    session.open()
    session.deliver_jobs("1", "2")
    session.run_through("1")
    assert session.sent() == ["started t1 t2", "outcomes #1 t1:complete"]
    session.begin("2")
    break_and_reconnect(session)
    session.finish("2")
    assert session.sent() == []
    session.deliver(session.resumed(["t1", "t2"]))
    assert session.sent() == ["outcomes #1 t1:complete", "outcomes #2 t2:complete"]
    session.deliver_recorded(1)
    session.deliver_recorded(2)
    break_and_reconnect(session)
    assert held_tokens(session) == []
    session.deliver(session.resumed())
    assert session.sent() == []


def test_numbers_its_outcomes_from_one_in_a_new_session(session):
    session.open()
    session.deliver_jobs("1", "2")
    session.run_through("1")
    session.deliver_recorded(1)
    session.run_through("2")
    assert "outcomes #2 t2:complete" in session.sent()
    break_and_reconnect(session)
    session.deliver(session.opened(["t2"]))
    assert session.sent() == ["outcomes #1 t2:complete"]


def test_cancels_what_was_lost_and_forgets_what_had_not_started(session):
    session.open()
    session.deliver_jobs("1", "2", "3")
    session.begin("1")
    session.begin("2")
    break_and_reconnect(session)
    session.deliver(session.resumed(["t2"], ["t1", "t3"]))
    assert session.was_cancelled("1")
    assert not session.was_cancelled("2")
    assert any("[3] taken back before it started" in line for line in session.logged())
    session.finish("1")
    assert any("[1] the lease is lost; its result does not count" in line
               for line in session.logged())
    session.finish("2")
    assert session.sent() == ["started t2", "outcomes #1 t2:complete"]
    assert session.offered == []


def test_logs_an_outcome_that_was_never_sent_when_its_lease_is_lost(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    session.end_stream()
    session.finish("1")
    session.pass_to_next_tick()
    session.logged()
    session.deliver(session.resumed([], ["t1"]))
    assert any("[1] the lease was lost while the stream was broken; its result does not count: "
               "complete" in line for line in session.logged())
    assert not any(frame.startswith("outcomes") for frame in session.sent())


def test_asks_again_about_an_outcome_that_may_have_been_recorded(session):
    session.open()
    session.deliver_jobs("1")
    session.run_through("1")
    break_and_reconnect(session)
    session.deliver(session.resumed([], ["t1"]))
    assert session.sent() == ["outcomes #1 t1:complete"]
    session.deliver_recorded(1)
    assert not any("[1]" in line for line in session.logged())


def test_opens_a_new_session_when_another_stream_has_taken_the_old(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    session.end_stream("ABORTED", "resumed elsewhere")
    session.pass_to_next_tick()
    assert session.opening.session_id == ""
    assert held_tokens(session) == ["t1"]


def test_drops_frames_of_a_replaced_stream(session):
    session.open()
    old = session.stream
    break_and_reconnect(session)
    session.deliver(session.resumed())
    session.deliver(stream=old, heartbeat={"reply": True})
    assert session.sent() == []


def test_drops_frames_of_an_epoch_lower_than_one_seen(session):
    session.open()
    session.deliver_jobs("1", epoch=7)
    session.deliver_jobs("2", epoch=6)
    assert session.offered == ["1"]


def test_leaves_a_server_that_follows_a_leader_of_the_past(session):
    session.open(**TWO_ADDRESSES)
    session.deliver_jobs("1", epoch=7)
    break_and_reconnect(session)
    assert session.opening.epoch == 7
    opened = session.resumed(["t1"])
    opened.epoch = 6
    address = session.address
    session.deliver(opened)
    assert session.stream in session.cancelled_streams
    assert session.offered == []
    session.pass_to_next_tick()
    assert session.address != address


def test_tries_another_address_after_two_silent_heartbeat_intervals(session):
    session.open(**TWO_ADDRESSES)
    session.deliver_jobs("1")
    session.begin("1")
    session.pass_time(9.9)
    assert session.streams_opened == 1
    session.pass_time(0.2)
    assert session.streams_opened == 2
    assert session.address == "two:2"
    assert session.cancelled_streams == {1}
    assert not session.was_cancelled("1")


def test_tries_the_replicas_that_the_server_named(session):
    session.start()
    session.deliver(session.opened(addresses=["three:3"]))
    break_and_reconnect(session)
    assert session.address == "three:3"


def test_moves_at_once_on_handover_and_keeps_its_handlers_running(session):
    session.open()
    session.deliver_jobs("1")
    session.begin("1")
    session.pass_time(2)
    session.hand_over("new:1")
    assert session.streams_opened == 2
    assert session.address == "new:1"
    assert held_tokens(session) == ["t1"]
    assert not session.was_cancelled("1")


def test_does_not_run_in_circles_between_servers_that_hand_over(session):
    session.open()
    session.hand_over()
    assert session.streams_opened == 1
    session.pass_to_next_tick()
    assert session.streams_opened == 2


def test_waits_a_random_part_of_a_doubling_bound(session):
    session.start()
    waits = []
    for _ in range(8):
        session.end_stream()
        waits.append(session.machine.next_tick() - session.now)
        session.pass_to_next_tick()
    assert waits == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.5, 2.5])
    session.random = 0
    session.end_stream()
    assert session.machine.next_tick() == session.now


def test_waits_at_least_as_long_as_the_server_asks(session):
    session.start()
    session.end_stream("RESOURCE_EXHAUSTED", "full", retry_after=3)
    assert session.machine.next_tick() >= session.now + 3


def test_begins_anew_with_short_waits_after_a_stream_that_lasted(session):
    session.open()
    for _ in range(5):
        break_and_reconnect(session)
    session.deliver(session.resumed())
    session.pass_time(2)
    session.end_stream()
    assert session.machine.next_tick() <= session.now + 0.1


def test_gives_up_on_an_address_that_does_not_answer(session):
    session.start(**TWO_ADDRESSES)
    session.pass_time(10)
    assert session.cancelled_streams == {1}
    session.pass_to_next_tick()
    assert session.address == "two:2"


def test_warns_only_of_the_second_failure_in_a_row(session):
    session.open()
    session.pass_time(2)
    session.logged()
    session.end_stream()
    assert [line.split()[0] for line in session.logged()] == ["debug"]
    session.pass_to_next_tick()
    session.end_stream()
    assert [line.split()[0] for line in session.logged()] == ["warning"]
    session.pass_to_next_tick()
    session.end_stream()
    assert {line.split()[0] for line in session.logged()} == {"debug"}
    session.pass_to_next_tick()
    session.deliver(session.resumed())
    (line,) = session.logged()
    assert line.startswith("info connected")
