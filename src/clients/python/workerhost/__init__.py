"""WorkerHost from Python: process pools that survive the death of their workers, and tasks in any language.

See src/docs/python.md in the repository.
"""

import importlib
from typing import TYPE_CHECKING, Any, List

try:
    from ._version import __version__
except ImportError:  # pragma: no cover -- only in a tree that was not built
    raise ImportError("the stubs of workerhost are not there yet: run src/clients/python/generate, or install the wheel") from None

if TYPE_CHECKING:
    from . import aio as aio
    from ._call import TaskFuture as TaskFuture
    from ._options import TaskOptions as TaskOptions
    from ._stream import TaskStream as TaskStream
    from .client import Client as Client, connect as connect
    from .deaths import DeathReport as DeathReport
    from .errors import BadInput as BadInput, HostNotFound as HostNotFound, HostRefused as HostRefused, HostUnavailable as HostUnavailable, NoWorkers as NoWorkers, Quarantined as Quarantined, Rejected as Rejected, TaskFailed as TaskFailed, TaskTimeout as TaskTimeout, UnknownTask as UnknownTask, VersionMismatch as VersionMismatch, WorkerHostError as WorkerHostError, WorkerLost as WorkerLost
    from .executor import Executor as Executor
    from .process import Process as Process
    from .processes import ProcessPoolExecutor as ProcessPoolExecutor
    from .threads import Thread as Thread, ThreadPoolExecutor as ThreadPoolExecutor

# Loaded when they are asked for: a worker needs none of them, and is there the sooner.
_HOMES = {
    "TaskFuture": "_call",
    "TaskOptions": "_options",
    "TaskStream": "_stream",
    "Client": "client",
    "connect": "client",
    "DeathReport": "deaths",
    "BadInput": "errors",
    "HostNotFound": "errors",
    "HostRefused": "errors",
    "HostUnavailable": "errors",
    "NoWorkers": "errors",
    "Quarantined": "errors",
    "Rejected": "errors",
    "TaskFailed": "errors",
    "TaskTimeout": "errors",
    "UnknownTask": "errors",
    "VersionMismatch": "errors",
    "WorkerHostError": "errors",
    "WorkerLost": "errors",
    "Executor": "executor",
    "Process": "process",
    "ProcessPoolExecutor": "processes",
    "Thread": "threads",
    "ThreadPoolExecutor": "threads",
}

__all__ = [*sorted(_HOMES), "aio", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "aio":
        return importlib.import_module(".aio", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module 'workerhost' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return [*__all__, *globals()]
