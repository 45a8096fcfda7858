"""What can go wrong with a task, a host or a worker. Every error says what happened, to which worker, and what to do."""

from __future__ import annotations

import concurrent.futures
import sys
from typing import TYPE_CHECKING, Any, Optional, Sequence

from .deaths import DeathReport

if TYPE_CHECKING:
    from datetime import timedelta


class WorkerHostError(Exception):
    """The base of all errors of this package.

    `task` and `task_id` say which task it was, `worker` which worker had it ("images/2#7"), as far as there was one. `retryable`: the
    handler marked the failure as worth another try. `never_started`: it is proven that no code of the task has run.
    """

    task: str = ""
    task_id: str = ""
    worker: str = ""
    retryable: bool = False
    never_started: bool = False


class TaskFailed(WorkerHostError):
    """The task's own code has failed: its exception, as the worker's language tells it.

    `type` is the exception's full type name, `message` its text, `remote_traceback` how its language prints it; `cause` is the exception
    behind it, another TaskFailed.
    """

    type: str = ""
    message: str = ""
    remote_traceback: str = ""
    cause: Optional["TaskFailed"] = None


class UnknownTask(WorkerHostError, LookupError):
    """No worker has a task of that name. It was never started."""


class BadInput(WorkerHostError, ValueError):
    """What was submitted cannot be taken: arguments that do not fit or cannot be serialised, a content type, a limit. Nothing has run."""


if sys.version_info >= (3, 11):
    class _TimedOut(WorkerHostError, TimeoutError):
        pass
else:
    # There these are two.
    class _TimedOut(WorkerHostError, concurrent.futures.TimeoutError, TimeoutError):
        pass


class TaskTimeout(_TimedOut):
    """The task's time limit has passed (the option `timeout`). What ran of it is stopped, by force if it must."""


class Rejected(WorkerHostError):
    """Refused and never started: the queue is full, or the time limit could not be met. `retry_after`: when to come again, in seconds."""

    retry_after: Optional[float] = None


class NoWorkers(WorkerHostError):
    """No worker can be had; never started. `deaths` has the last death where there was one: mostly why workers do not start."""

    deaths: Sequence[DeathReport] = ()


class WorkerLost(WorkerHostError, concurrent.futures.BrokenExecutor):
    """The worker died, and the task may have run. Only this task: the executor goes on, and the worker is replaced.

    `deaths` tells how, oldest first; `str()` of each is one readable paragraph. A task that may be run twice is better submitted with
    the option `idempotent=True`: it is then tried again. `ran_to_completion`: the task's code had returned, only its result was lost.
    """

    deaths: Sequence[DeathReport] = ()
    ran_to_completion: bool = False


class Quarantined(WorkerHostError, concurrent.futures.BrokenExecutor):
    """The task has killed several workers and is not tried again. `deaths` has every report."""

    deaths: Sequence[DeathReport] = ()


class HostUnavailable(WorkerHostError, ConnectionError):
    """The host cannot be reached, or refuses whoever asks (a wrong token)."""


class HostRefused(WorkerHostError):
    """The host answers and does not let this client in: a token is missing or wrong, or it has no such pool. Says which there are."""


class VersionMismatch(HostRefused):
    """Client and host have no version of the protocol in common, or one lacks what the other needs. Says what both have."""


class HostNotFound(HostUnavailable):
    """There is no `workerhost` that this program could start for itself. Says where it was looked for."""


def seconds(duration: Any) -> float:
    """A google.protobuf.Duration in seconds."""
    span: "timedelta" = duration.ToTimedelta()
    return span.total_seconds()
