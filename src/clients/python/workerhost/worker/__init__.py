"""Workers in Python: programs that run tasks for a WorkerHost supervisor.

    from workerhost import worker

    @worker.task("add")
    def add(a: int, b: int):
        return a + b

    if __name__ == "__main__":
        worker.run()

Or without the last two lines: `python -m workerhost.worker my_module`. See src/docs/python-workers.md in the repository.
"""

import sys as _sys

from ._context import Context, current
from ._errors import Cancelled, Retryable
from ._tasks import task, tasks as _tasks

__all__ = ["Cancelled", "Context", "Retryable", "current", "recycle", "run", "task"]


def run() -> None:
    """Serves the tasks that are registered, until the supervisor asks this process to leave; then ends the process. To be called on the main thread. Started by
    hand it explains itself and exits with 64."""
    from . import _launch, _process

    if not _launch.is_supervised():
        _launch.explain(_sys.argv[0], _tasks.names)
        _sys.exit(_launch.NOT_SUPERVISED)
    _sys.exit(_process.run())


def recycle() -> None:
    """Ends this process at once with the exit code that means "replace me, I did not crash" (75). What runs is lost with it: call it between tasks, or from the last."""
    import os

    os._exit(75)
