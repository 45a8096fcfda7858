"""What a handler is given, and what becomes of what it returns or raises."""

import json
import time

import grpc
import pytest
from google.protobuf import duration_pb2

from launched import LaunchedWorker, Session, failure_of
from workerhost.v1 import failure_pb2, task_endpoint_pb2


@pytest.fixture(scope="module")
def worker():
    with LaunchedWorker(maxMessageBytes=100_000) as launched:
        yield launched


@pytest.fixture(scope="module")
def session(worker):
    opened = Session(worker, report_started=True).open()
    yield opened
    opened.close()


def value(outcome):
    assert not outcome.HasField("failure"), outcome.failure
    return json.loads(outcome.data)


@pytest.mark.parametrize("task, arguments, result", [
    ("add", [20, 22], 42),
    ("echo", [{"ü": [1.5, None, "🎈"]}], {"ü": [1.5, None, "🎈"]}),
    ("point", [{"x": 1, "y": 2}], {"x": 2, "y": 1}),
    ("optional", [1], [1, 5]),
    ("optional", [1, None, 3, 4], [1, None, 3, 4]),
    ("async-add", [1, 2], 3),
    ("count", [3], [0, 1, 2]),
    ("async-count", [3], [0, 1, 2]),
    ("main-thread", [], True),
    ("stdin", [], ""),
])
def test_arguments_come_by_position_and_results_go_back_as_json(worker, session, task, arguments, result):
    assert worker.run(task, *arguments) == result
    assert value(session.outcome(session.submit(task, *arguments))) == result


@pytest.mark.parametrize("task, data, content_type, words", [
    ("add", b"[1]", "", "takes (a, b) as a JSON array; got 1"),
    ("add", b"[1,2,3]", "", "got 3"),
    ("add", b'["one",2]', "application/json", 'argument "a" could not be read: str is not int'),
    ("add", b"[true,2]", "", "bool is not int"),
    ("add", b'{"a":1}', "", "not an array"),
    ("add", b"[1,", "", "could not be read"),
    ("add", b"", "", "the payload is empty"),
    ("add", b"[" * 100_000, "", "could not be read"),
    ("add", b"[1,2]", "application/x-python-pickle", 'does not take content type "application/x-python-pickle"; it takes application/json'),
    ("bytes", b"[]", "", "it takes application/octet-stream"),
    ("message", b"\xff", "application/x-protobuf", "is not a Duration"),
    ("point", b'[{"x":1}]', "", "'y'"),
    ("add", b"x" * 100_001, "", "100001 bytes, more than the limit of 100000 bytes (MaxMessageBytes"),
])
def test_what_cannot_be_used_is_bad_input_and_the_handler_was_not_called(session, task, data, content_type, words):
    failure = session.outcome(session.submit(task, data=data, content_type=content_type)).failure
    assert (failure.kind, failure.never_started) == (failure_pb2.TASK_FAILURE_KIND_BAD_INPUT, True)
    assert words in failure.message


def test_bytes_and_messages_travel_as_they_are(session):
    answer = session.outcome(session.submit("bytes", data=b"\x00\xff1", content_type="application/octet-stream"))
    assert (answer.data, answer.content_type) == (b"1\xff\x00", "application/octet-stream")
    answer = session.outcome(session.submit("message", data=duration_pb2.Duration(seconds=21).SerializeToString(), content_type="application/x-protobuf"))
    assert (duration_pb2.Duration.FromString(answer.data).seconds, answer.content_type) == (42, "application/x-protobuf")


def test_a_handler_knows_its_task(session):
    told = value(session.outcome(session.submit("info", id="mine", attempt=3, headers={"a": "ü"}, time_limit_us=60_000_000)))
    del told["pid"]
    assert told == {"id": "mine", "task": "info", "attempt": 3, "worker": "python/2#3", "headers": {"a": "ü"}, "limited": True, "same": True}
    sequence = session.submit("info")
    assert value(session.outcome(sequence))["id"] == f"t-{sequence}"


def test_an_exception_is_told_with_type_stack_and_cause(session):
    failure = session.outcome(session.submit("fail", "grün")).failure
    error = failure.error
    assert (failure.kind, failure.retryable, error.type, error.message) == (failure_pb2.TASK_FAILURE_KIND_TASK_FAILED, False, "ValueError", "grün")
    assert (error.cause.type, error.cause.message, error.cause.HasField("cause")) == ("KeyError", "'behind'", False)
    assert "handlers.py" in error.stack_trace and "_lane.py" not in error.stack_trace
    assert (error.content_type, error.data) == ("", b"")


def test_a_failure_may_be_marked_as_worth_another_try(session):
    failure = session.outcome(session.submit("fail-retryable")).failure
    assert (failure.retryable, failure.retry_after.seconds, failure.retry_after.nanos) == (True, 1, 500_000_000)
    assert failure.error.type == "workerhost.worker._errors.Retryable"


@pytest.mark.parametrize("task, arguments, words", [
    ("unwritable", [], "set has no form in JSON"),
    ("large", [100_000], "100002 bytes, more than the limit of 100000 bytes"),
])
def test_a_result_that_cannot_travel_is_a_failure_and_the_worker_lives(session, task, arguments, words):
    failure = session.outcome(session.submit(task, *arguments)).failure
    assert failure.kind == failure_pb2.TASK_FAILURE_KIND_TASK_FAILED and words in failure.message
    assert value(session.outcome(session.submit("add", 1, 1))) == 2


def test_a_call_of_its_own_fails_with_the_status_that_the_contract_says(worker):
    for task, arguments, fields, code, kind in [
        ("nobody", [], {}, grpc.StatusCode.UNIMPLEMENTED, failure_pb2.TASK_FAILURE_KIND_UNKNOWN_TASK),
        ("fail", ["x" * 50_000], {}, grpc.StatusCode.UNKNOWN, failure_pb2.TASK_FAILURE_KIND_TASK_FAILED),
        ("add", [1], {}, grpc.StatusCode.INVALID_ARGUMENT, failure_pb2.TASK_FAILURE_KIND_BAD_INPUT),
        ("add", [1, 2], {"id": "i" * 1025}, grpc.StatusCode.INVALID_ARGUMENT, failure_pb2.TASK_FAILURE_KIND_BAD_INPUT),
        ("add", [1, 2], {"headers": {"h": "x" * 33_000}}, grpc.StatusCode.INVALID_ARGUMENT, failure_pb2.TASK_FAILURE_KIND_BAD_INPUT),
        ("add", [1, 2], {"time_limit": duration_pb2.Duration(seconds=-1)}, grpc.StatusCode.INVALID_ARGUMENT, failure_pb2.TASK_FAILURE_KIND_BAD_INPUT),
    ]:
        with pytest.raises(grpc.RpcError) as raised:
            worker.run(task, *arguments, **fields)
        assert raised.value.code() == code, task
        assert failure_of(raised.value).kind == kind
    with pytest.raises(grpc.RpcError) as raised:
        worker.run("add", 1, 2, pool="another")
    assert raised.value.code() == grpc.StatusCode.NOT_FOUND


def test_describe_says_what_is_here(worker):
    told = worker.stub.Describe(task_endpoint_pb2.DescribeRequest())
    kinds = {task.name: (list(task.content_types), task.yields_items) for task in told.tasks}
    assert (told.pool, told.worker, told.concurrency, list(told.capabilities)) == ("python", "python/2#3", 1, ["session", "streams", "ledger"])
    assert kinds["bytes"] == (["application/octet-stream"], False) and kinds["count"] == (["application/json"], True)


def test_many_tasks_go_in_few_frames_and_every_start_and_end_is_marked(worker, session):
    finished, _, _ = worker.marks()
    sequences = session.submit_many(5000, "add", 1, 2)
    session.until(lambda: sequences[-1] in session.outcomes)
    assert all(session.outcomes[n].data == b"3" for n in sequences)
    now, tracks, lanes = worker.marks()
    assert (now - finished, tracks[session.key], lanes[0]) == (5000, sequences[-1], (session.key, sequences[-1], 2))


def test_items_come_one_by_one_while_there_is_room(session, tmp_path):
    from workerhost.v1 import session_pb2
    path = tmp_path / "made"
    sequence = session.submit("count", 5, str(path), stream_items=2, stream_bytes=1 << 20)
    items = lambda: [json.loads(p.data) for p in session.progress if p.sequence == sequence and p.is_item]
    session.until(lambda: items() == [0, 1])
    assert path.read_text().split() == ["0", "1"]
    session.send(stream_credit=[session_pb2.StreamCredit(sequence=sequence, items=10, bytes=10)])
    outcome = session.outcome(sequence)
    assert (items(), outcome.HasField("failure"), outcome.data) == ([0, 1, 2, 3, 4], False, b"")
    assert path.read_text().split()[-1] == "left"


def test_a_task_that_yields_none_cannot_be_streamed(session):
    failure = session.outcome(session.submit("add", 1, 2, stream_items=2, stream_bytes=10)).failure
    assert failure.kind == failure_pb2.TASK_FAILURE_KIND_BAD_INPUT and "yields no items" in failure.message


def test_progress_is_told_to_who_asks_and_the_last_report_always(session):
    sequence = session.submit("progress", 5, reports_progress=True)
    session.outcome(sequence)
    reports = [(p.fraction, p.message) for p in session.progress if p.sequence == sequence]
    assert reports[-1] == (1.0, "step 5") and reports == sorted(reports)
    quiet = session.submit("progress", 5)
    session.outcome(quiet)
    assert not [p for p in session.progress if p.sequence == quiet]


@pytest.mark.parametrize("task, arguments, items", [("count", [3], [0, 1, 2]), ("async-count", [3], [0, 1, 2]), ("progress", [4], [])])
def test_one_call_can_hear_all_that_a_task_says(worker, task, arguments, items):
    payload = task_endpoint_pb2.Payload(data=json.dumps(arguments).encode())
    request = task_endpoint_pb2.RunWithEventsRequest(task=task_endpoint_pb2.RunRequest(task=task, payload=payload))
    events = list(worker.stub.RunWithEvents(request, timeout=20))
    kinds = [event.WhichOneof("event") for event in events]
    assert (kinds[0], kinds[-1]) == ("started", "outcome")
    assert [json.loads(event.item.data) for event in events if event.WhichOneof("event") == "item"] == items
    assert task != "progress" or [event.progress.message for event in events if event.WhichOneof("event") == "progress"][-1] == "step 4"
