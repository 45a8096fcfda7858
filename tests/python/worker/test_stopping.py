"""How a running handler is stopped."""

import json
import threading
import time

import grpc
import pytest
from google.protobuf import duration_pb2

from launched import PATIENCE_SECONDS, LaunchedWorker, Session
from workerhost.v1 import failure_pb2, session_pb2

CANCELLED, LATE = failure_pb2.TASK_FAILURE_KIND_CANCELLED, failure_pb2.TASK_FAILURE_KIND_DEADLINE_EXCEEDED


@pytest.fixture(scope="module", params=[1, 2], ids=["in the main thread", "with a second lane"])
def lanes(request):
    return request.param


@pytest.fixture(scope="module")
def session(lanes):
    with LaunchedWorker(concurrency=lanes) as worker:
        opened = Session(worker, report_started=True).open()
        if lanes == 2:
            # The first lane is kept busy, so that what follows runs in the other.
            first = opened.submit("stubborn", 600, str(worker.folder / "first"))
            lines(worker.folder / "first", 1)
        opened.worker = worker
        yield opened


def lines(path, count):
    """Waits until the file has so many lines."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = path.read_text().split() if path.exists() else []
        if len(found) >= count:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.005)


def cancel(session, sequence):
    session.send(cancel=[sequence])
    return session.outcome(sequence)


def lives(session):
    outcome = session.outcome(session.submit("add", 1, 1))
    assert json.loads(outcome.data) == 2


def test_a_loop_in_python_is_left_and_its_finally_runs(session, tmp_path):
    sequence = session.submit("spinning", str(tmp_path / "p"))
    lines(tmp_path / "p", 1)
    outcome = cancel(session, sequence)
    assert outcome.failure.kind == CANCELLED and not outcome.failure.never_started
    assert lines(tmp_path / "p", 2) == ["began", "left"]
    lives(session)


def test_a_coroutine_that_blocks_its_loop_is_left_all_the_same(session, tmp_path):
    sequence = session.submit("async-blocked", str(tmp_path / "p"))
    lines(tmp_path / "p", 1)
    assert cancel(session, sequence).failure.kind == CANCELLED
    assert json.loads(session.outcome(session.submit("async-add", 1, 1)).data) == 2


def test_a_coroutine_is_cancelled_as_asyncio_does_and_may_take_its_time(session, tmp_path):
    sequence = session.submit("async-sleep", 600, str(tmp_path / "p"))
    session.until(lambda: sequence in session.started)
    assert cancel(session, sequence).failure.kind == CANCELLED
    assert lines(tmp_path / "p", 1) == ["left"]
    lives(session)


def test_who_minds_its_stop_ends_as_it_likes(session, tmp_path):
    sequence = session.submit("minding", str(tmp_path / "p"))
    lines(tmp_path / "p", 1)
    failure = cancel(session, sequence).failure
    assert (failure.kind, failure.error.message) == (failure_pb2.TASK_FAILURE_KIND_TASK_FAILED, "interrupted in its own way")
    lives(session)


def test_nothing_is_raised_into_who_does_not_want_it(session, tmp_path):
    sequence = session.submit("stubborn", 0.4, str(tmp_path / "p"))
    lines(tmp_path / "p", 1)
    assert json.loads(cancel(session, sequence).data) == "to the end"
    lives(session)


def test_a_generator_that_waits_for_room_is_left(session, tmp_path):
    sequence = session.submit("count", 5, str(tmp_path / "p"), stream_items=1, stream_bytes=1 << 20)
    session.until(lambda: any(p.sequence == sequence for p in session.progress))
    assert cancel(session, sequence).failure.kind == CANCELLED
    assert lines(tmp_path / "p", 2) == ["0", "left"]
    lives(session)


def test_what_waits_is_taken_out_and_what_has_passed_its_limit_too(session, tmp_path):
    running = session.submit("spinning", str(tmp_path / "p"))
    lines(tmp_path / "p", 1)
    waiting, late, recalled = session.submit("add", 1, 2), session.submit("add", 1, 2, time_limit_us=1000), session.submit("add", 1, 2)
    failure = cancel(session, waiting).failure
    assert (failure.kind, failure.never_started) == (CANCELLED, True)
    failure = session.outcome(late).failure
    assert (failure.kind, failure.never_started) == (LATE, True)
    session.send(recall=[recalled, running])
    assert session.outcome(recalled).recalled
    assert running not in session.outcomes
    cancel(session, running)
    lives(session)


def test_the_time_limit_stops_as_a_cancellation_does(session, tmp_path):
    failure = session.outcome(session.submit("spinning", str(tmp_path / "p"), time_limit_us=100_000)).failure
    assert (failure.kind, failure.never_started) == (LATE, False)
    assert lines(tmp_path / "p", 2) == ["began", "left"]
    lives(session)


def test_a_call_that_is_hung_up_stops_its_task(session, lanes, tmp_path):
    with pytest.raises(grpc.RpcError) as raised:
        session.worker.run("spinning", str(tmp_path / "p"), timeout=0.3)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert lines(tmp_path / "p", 2) == ["began", "left"]
    lives(session)


def test_in_the_main_thread_a_sleep_ends_at_once(session, lanes):
    if lanes == 2:
        pytest.skip("in other lanes native code goes on until it returns")
    sequence = session.submit("sleep", 600)
    session.until(lambda: sequence in session.started)
    assert cancel(session, sequence).failure.kind == CANCELLED
    lives(session)


def test_when_its_session_breaks_a_task_is_stopped(tmp_path):
    with LaunchedWorker() as worker:
        session = Session(worker).open()
        session.submit("spinning", str(tmp_path / "p"))
        lines(tmp_path / "p", 1)
        session.call.cancel()
        assert lines(tmp_path / "p", 2) == ["began", "left"]
