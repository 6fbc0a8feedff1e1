"""What becomes of a batch job whose items ended so, and of payloads that are no batch."""
import pytest

from leasehold import Fail, JsonText, Permanent, Release, RetryAfter
from leasehold._handlers import Handler, HandlerTable, join_results
from leasehold._json_array import split_array
from leasehold._proto.executor_service_pb2 import LeasedJob
from leasehold.cancellation import Cancellation

THREE = ["1.0", '{"a": 9007199254740993}', "null"]


def fail_of(results, items=THREE):
    outcome = join_results(items, results)
    assert outcome.WhichOneof("result") == "fail"
    return outcome.fail


@pytest.mark.parametrize("results", [None, [None, 0, "x"], (1, 2, 3)])
def test_is_complete_when_all_of_its_items_are(results):
    assert join_results(THREE, results) is None


def test_is_tried_again_with_the_items_that_failed_byte_for_byte():
    fail = fail_of([None, ValueError("no luck"), OSError("no disk")])
    assert fail.payload == '[{"a": 9007199254740993},null]'
    assert fail.error == "2 of 3 items failed: 1: no luck; 2: no disk"
    assert not fail.permanent
    assert not fail.HasField("retry_after")


def test_waits_for_the_longest_delay_that_an_item_asked_for():
    fail = fail_of([RetryAfter(2, "a"), ValueError("b"), RetryAfter(1, "c")])
    assert fail.retry_after.seconds == 2
    fail = fail_of([None, RetryAfter(0, "b"), ValueError("c")])
    assert fail.HasField("retry_after")
    assert fail.retry_after.seconds == 0


def test_has_failed_for_good_when_every_item_that_failed_is_permanent():
    fail = fail_of([Permanent("a"), None, Permanent("c")])
    assert fail.permanent
    assert (fail.payload, fail.error) == ("[1.0,null]", "2 of 3 items failed: 0: a; 2: c")


def test_keeps_permanent_items_as_long_as_others_are_tried_again():
    fail = fail_of([Permanent("a"), None, Fail("c")])
    assert not fail.permanent
    assert fail.payload == "[1.0,null]"
    assert not fail_of([Permanent("a"), Release(), None]).permanent


def test_is_given_back_when_all_of_its_items_are():
    outcome = join_results(THREE, [Release(), Release(3), Release()])
    assert outcome.WhichOneof("result") == "release"
    assert outcome.release.delay.seconds == 3


def test_counts_an_item_that_is_given_back_among_others_as_failed():
    fail = fail_of([None, Release(3), None])
    assert (fail.payload, fail.error) == (
        '[{"a": 9007199254740993}]', "1 of 3 items failed: 1: given back")
    assert fail.retry_after.seconds == 3


def test_takes_the_new_payload_of_an_item():
    fail = fail_of([None, Fail("b", payload=[2]), Fail("c", payload=JsonText("3.00"))])
    assert fail.payload == "[[2],3.00]"


def test_keeps_an_item_whose_new_payload_is_no_json():
    fail = fail_of([Fail("a", payload={1, 2}), None, None])
    assert fail.payload == "[1.0]"
    assert "a (and its new payload is not JSON" in fail.error


@pytest.mark.parametrize("results", [[], [None, None], [None] * 4])
def test_fails_as_it_is_when_the_results_are_too_few_or_too_many(results):
    fail = fail_of(results)
    assert (fail.permanent, fail.HasField("payload")) == (False, False)
    assert fail.error == f"the batch handler returned {len(results)} results for 3 items"


@pytest.mark.parametrize("results", ["abc", {"a": 1, "b": 2, "c": 3}, True])
def test_fails_when_a_handler_returns_no_list(results):
    assert "it must return a list" in fail_of(results).error


def test_tells_no_more_errors_than_the_server_keeps():
    items = ["0"] * 10_000
    fail = fail_of([ValueError("x" * 100)] * len(items), items)
    assert fail.error.startswith("10000 of 10000 items failed: 0: xxx")
    assert len(fail.error) <= 65_536
    assert len(fail.payload) == 2 * len(items) + 1


def run(payload, function):
    """What an executor reports of a job with this payload."""
    handlers = HandlerTable(client=None)
    handlers.set("resize", Handler("resize", function, batch=True))
    return handlers.run(LeasedJob(id="1", task="resize", payload=payload), Cancellation())


def test_gives_its_handler_each_item():
    seen = []
    assert run(' [1.0 ,{"b" : [ ]},"x,]",\n null] ', seen.extend) is None
    assert seen == [1.0, {"b": []}, "x,]", None]


def test_is_complete_without_its_handler_when_it_is_empty():
    assert run("[ ]", lambda items: 1 / 0) is None


@pytest.mark.parametrize("payload", ['{"a":[1]}', "3", '"[]"', "null"])
def test_does_not_ask_its_handler_of_a_payload_that_is_no_array(payload):
    fail = run(payload, lambda items: 1 / 0).fail
    assert fail.error == "the payload of a batch job must be an array: it is no JSON array"
    assert (fail.permanent, fail.HasField("payload")) == (False, False)


@pytest.mark.parametrize("text, texts", [
    ("[]", []), (" [ ] ", []), ("[1]", ["1"]),
    ('[ "a\\"]," ,[[1],{}]\t]', ['"a\\"],"', "[[1],{}]"]),
    ("[1e999,-0.0,123456789012345678901234567890]",
     ["1e999", "-0.0", "123456789012345678901234567890"]),
    ("[" + "[" * 500 + "]" * 500 + "]", ["[" * 500 + "]" * 500]),
])
def test_splits_an_array_byte_for_byte(text, texts):
    assert [part for _, part in split_array(text)] == texts
