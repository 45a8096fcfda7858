"""What a failure from the wire says to a Python program."""

import pytest

from workerhost._failures import exception_of
from workerhost.v1 import failure_pb2


def _text(message, kind=failure_pb2.TASK_FAILURE_KIND_WORKER_LOST, deaths=()):
    return str(exception_of(failure_pb2.TaskFailure(kind=kind, message=message, deaths=deaths), False))


def _death(incarnation, pid):
    return failure_pb2.DeathReport(pool="p", slot=0, incarnation=incarnation, pid=pid, signal="SIGSEGV", exit_code=-1, cause=failure_pb2.DEATH_CAUSE_CRASH)


def test_each_death_is_told_once():
    deaths = [_death(1, 17), _death(2, 18)]
    text = _text("two workers died. The last death: worker p/0#2 (pid 18) ended after 160 ms: Crash, SIGSEGV", failure_pb2.TASK_FAILURE_KIND_QUARANTINED, deaths)
    assert text.count("worker p/0#1 (pid 17) ended") == text.count("worker p/0#2 (pid 18) ended") == 1
    # It lost the task, which does not yet say how it ended.
    assert "worker p/0#2 (pid 18) ended by SIGSEGV" in _text("worker p/0#2 was lost with task t", deaths=deaths)
    assert "(pid" not in _text("worker p/0#3 was lost with task t", deaths=[_death(3, 0)])


@pytest.mark.parametrize("said, told", [
    ("it is not tried again because TaskOptions.Idempotent is false", "it is not tried again because its options do not say idempotent=True"),
    ("it is not tried again because idempotent is false", "it is not tried again because its options do not say idempotent=True"),
    ("attempt 1 of 1 (TaskOptions.Attempts, or WorkerPoolOptions.Attempts)", "attempt 1 of 1 (max_attempts, or WorkerPoolOptions.Attempts)"),
    ("its time limit of 3 s (TaskOptions.TimeLimit)", "its time limit of 3 s (timeout)"),
    ("its time limit of 3 s (time_limit)", "its time limit of 3 s (timeout)"),
    ("has the key (TaskOptions.AffinityKey)", "has the key (affinity_key)"),
])
def test_options_are_called_as_python_calls_them(said, told):
    assert _text(said) == told


def test_what_a_task_says_of_itself_is_left_as_it_is():
    assert "TaskOptions.TimeLimit" in _text("TaskOptions.TimeLimit", failure_pb2.TASK_FAILURE_KIND_TASK_FAILED)
