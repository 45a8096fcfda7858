"""A drop-in for concurrent.futures.ProcessPoolExecutor whose workers may die, and whose tasks can be stopped."""

from __future__ import annotations

import json
import multiprocessing.process
import multiprocessing.spawn
import os
import pickle
import signal
import site
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import _functions
from ._connection import Connection
from ._private_host import PrivateHost
from .errors import BadInput
from .executor import Executor


class ProcessPoolExecutor(Executor):
    """Runs functions in worker processes, as the standard class of this name. Only the import changes.

    The difference: a worker that dies takes its task with it and nothing else, and is replaced; `cancel()` stops a task that runs; `options(...)` gives
    tasks a timeout, a priority, another attempt (`idempotent=True`). Workers are fresh interpreters that import the program's main module as
    `__mp_main__`, as with multiprocessing's "spawn" (so the program needs its `if __name__ == "__main__":`), whatever `mp_context` is.

    `max_workers`: from 1; by default the processors that are available. `initializer(*initargs)` runs in each worker before its first task; when it fails
    the worker does not start, and tasks end with NoWorkers. `max_tasks_per_child`: so many tasks, then the worker is replaced; None: any number.
    From two workers on there is one more, started and idle, that takes the place of one that dies.

    The workers are kept by a `workerhost` that the executor starts for itself, and ends with `shutdown()` or with the program, however that ends.
    Raises HostNotFound where there is none. Isolation: memory, the GIL and crashes are a worker's own; user, files and network are the program's.
    """

    def __init__(
        self,
        max_workers: Optional[int] = None,
        mp_context: Any = None,
        initializer: Optional[Callable[..., object]] = None,
        initargs: Tuple[Any, ...] = (),
        *,
        max_tasks_per_child: Optional[int] = None,
    ) -> None:
        if max_workers is None:
            max_workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        elif max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        if max_tasks_per_child is not None:
            if not isinstance(max_tasks_per_child, int):
                raise TypeError("max_tasks_per_child must be an integer")
            if max_tasks_per_child <= 0:
                raise ValueError("max_tasks_per_child must be >= 1")
        self._max_workers = max_workers
        host = PrivateHost(_pool(max_workers, max_tasks_per_child), {"WORKERHOST_PYTHON_INIT": _initialization(initializer, initargs)})
        self._host = host
        self._pid = os.getpid()
        self._begin(Connection(host.locate, "python", lanes=max_workers, at_end=host.stop))

    def terminate_workers(self) -> None:
        """Ends what runs, and the executor with it: as `shutdown(wait=False, cancel_futures=True)`, and what was sent to the workers ends with WorkerLost
        at once. Python code there meets an exception; half a second later the worker is told to leave (SIGTERM), a second later it is killed. Does not wait for that."""
        self._end_workers("terminate_workers", signal.SIGTERM)

    def kill_workers(self) -> None:
        """As `terminate_workers`, and the worker processes are killed at once (SIGKILL), with what they have started."""
        self._end_workers("kill_workers", signal.SIGKILL)

    def _end_workers(self, name: str, how: signal.Signals) -> None:
        if self._pid != os.getpid():
            raise RuntimeError(f"{name}: this is process {os.getpid()}, a fork of process {self._pid}, which has the workers")
        self._connection.drop(f"{name}() has ended the workers of this executor")
        self._host.end(how)


def _pool(workers: int, max_tasks: Optional[int]) -> Dict[str, Any]:
    # Raises where a worker's main module creates an executor while it is imported, as multiprocessing does.
    preparation = multiprocessing.spawn.get_preparation_data("workerhost")
    preparation.pop("authkey", None)
    environment = {"WORKERHOST_PYTHON_MAIN": json.dumps(preparation)}
    for number, name in ((1, "WORKERHOST_PYTHON_STDOUT"), (2, "WORKERHOST_PYTHON_STDERR")):
        environment[name] = f"/proc/{os.getpid()}/fd/{number}"
    path = _python_path()
    if path:
        environment["PYTHONPATH"] = path
    return {
        "command": {
            "fileName": os.fsdecode(multiprocessing.spawn.get_executable() or sys.executable),
            "arguments": [*_interpreter_arguments(), "-m", "workerhost.worker", "--functions"],
            "environment": environment,
            "workingDirectory": os.getcwd(),
        },
        "workers": workers,
        "concurrency": 1,
        # As large as they come: both ends are this program's.
        "maxMessageBytes": "1GiB",
        "queueBytes": "4GiB",
        "cancelGrace": "500ms",
        "terminateGrace": "1s",
        "supervision": {
            "inheritEnvironment": ["*"],
            # Who waits for tasks is the executor: a worker that is to leave has none, and is gone by itself within two seconds. With max_tasks the last
            # task is one of a worker that is to leave, and the host warns of each that takes longer than this.
            "drainTimeout": "3s" if max_tasks is None else "30s",
            "terminateGrace": "1s",
            # Code that keeps the GIL (a sum over a long range) silences the heartbeat as well, and is no hang.
            "liveness": {"enabled": False},
            "recycling": {"maxTasks": max_tasks, "jitter": 0},
        },
    }


def _initialization(initializer: Optional[Callable[..., object]], initargs: Tuple[Any, ...]) -> bytes:
    try:
        return pickle.dumps((_functions.initialize, (bytes(multiprocessing.process.current_process().authkey), initializer, initargs)))
    except Exception as error:
        raise BadInput(f"the initializer {initializer!r} or its arguments cannot be sent to a worker process: {error}. Make it a function at the top level of a module") from error


def _interpreter_arguments() -> List[str]:
    return subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]


def _python_path() -> Optional[str]:
    """How workers find this package where it is not installed."""
    package = str(Path(__file__).resolve().parents[1])
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    if package in installed:
        return None
    before = os.environ.get("PYTHONPATH")
    return package if not before else before if package in before.split(os.pathsep) else os.pathsep.join((package, before))
