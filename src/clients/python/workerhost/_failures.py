"""From what came over the wire to the exception that the caller sees."""

from __future__ import annotations

import pickle
import re
from typing import Optional

from . import errors
from .deaths import DeathReport
from .v1 import failure_pb2

# How functions of a program travel: as this task, with this content type.
TASK = "python.call"
PICKLE = "application/x-python-pickle"

_TYPES = {
    failure_pb2.TASK_FAILURE_KIND_UNKNOWN_TASK: errors.UnknownTask,
    failure_pb2.TASK_FAILURE_KIND_BAD_INPUT: errors.BadInput,
    failure_pb2.TASK_FAILURE_KIND_DEADLINE_EXCEEDED: errors.TaskTimeout,
    failure_pb2.TASK_FAILURE_KIND_REJECTED: errors.Rejected,
    failure_pb2.TASK_FAILURE_KIND_NO_WORKERS: errors.NoWorkers,
    failure_pb2.TASK_FAILURE_KIND_WORKER_LOST: errors.WorkerLost,
    failure_pb2.TASK_FAILURE_KIND_QUARANTINED: errors.Quarantined,
}


# Options of a task as hosts call them (a pool inside a .NET program by the member, others by the contract's field), where they are not called so here.
_OPTIONS = {"Attempts": "max_attempts", "TimeLimit": "timeout"}


class RemoteTraceback(Exception):
    """Stands behind an exception of a worker as its cause, so that its traceback there is printed, too."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def exception_of(failure: failure_pb2.TaskFailure, pickled: bool) -> BaseException:
    """The exception of a failure. `pickled`: the task is a Python function of this program, whose own exceptions may be unpickled."""
    if failure.kind == failure_pb2.TASK_FAILURE_KIND_TASK_FAILED:
        return (_own_exception(failure) if pickled else None) or _task_failed(failure)
    made = _TYPES.get(failure.kind, errors.WorkerHostError)(_with_deaths(failure))
    _describe(made, failure)
    if isinstance(made, (errors.WorkerLost, errors.Quarantined, errors.NoWorkers)):
        made.deaths = tuple(DeathReport(death) for death in failure.deaths)
    if isinstance(made, errors.WorkerLost):
        made.ran_to_completion = failure.ran_to_completion
    if isinstance(made, errors.Rejected) and failure.HasField("retry_after"):
        made.retry_after = errors.seconds(failure.retry_after)
    return made


def _own_exception(failure: failure_pb2.TaskFailure) -> Optional[BaseException]:
    error = failure.error
    # Fields that a host without them has never sent.
    if getattr(error, "content_type", "") != PICKLE or not error.data:
        return None
    try:
        exception = pickle.loads(error.data)
    except BaseException:
        # Whatever its __reduce__ or __init__ makes of it: it is told in words instead.
        return None
    if not isinstance(exception, BaseException):
        return None
    exception.__cause__ = RemoteTraceback(f'\n"""\n{error.stack_trace}"""')
    return exception


def _task_failed(failure: failure_pb2.TaskFailure) -> errors.TaskFailed:
    error = failure.error
    made = _chain(error)
    text = failure.message or f"task {failure.task} failed"
    if error.message and error.message not in text:
        text = f"{text}: {error.type}: {error.message}"
    made.args = (text,)
    _describe(made, failure)
    if error.stack_trace:
        made.__cause__ = RemoteTraceback(f'\n"""\n{error.stack_trace}\n"""')
    return made


def _chain(error: failure_pb2.RemoteError) -> errors.TaskFailed:
    made = errors.TaskFailed(f"{error.type}: {error.message}")
    made.type, made.message, made.remote_traceback = error.type, error.message, error.stack_trace
    made.cause = _chain(error.cause) if error.HasField("cause") else None
    return made


def _with_deaths(failure: failure_pb2.TaskFailure) -> str:
    if failure.kind == failure_pb2.TASK_FAILURE_KIND_UNKNOWN_TASK and failure.task == TASK:
        return f"the workers of this host run no functions of Python programs (they have no task {TASK}): submit a task by its name, or use workerhost.ProcessPoolExecutor, which starts workers of its own"
    text = _in_python_words(failure.message) or failure_pb2.TaskFailureKind.Name(failure.kind)
    deaths = [DeathReport(death) for death in failure.deaths]
    # Those that the host has told in its message, mostly the last one, are told.
    return text + "".join(f"\n{death}" for death in deaths if f"{death.who} ended " not in text)


def _in_python_words(text: str) -> str:
    text = re.sub(r"\bTaskOptions\.(\w+)", lambda match: _OPTIONS.get(match[1]) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", match[1]).lower(), text)
    return text.replace("because idempotent is false", "because its options do not say idempotent=True").replace("(time_limit)", "(timeout)")


def _describe(made: errors.WorkerHostError, failure: failure_pb2.TaskFailure) -> None:
    made.task, made.task_id, made.worker = failure.task, failure.task_id, failure.worker
    made.retryable, made.never_started = failure.retryable, failure.never_started
