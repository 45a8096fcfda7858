"""A process for one function, as multiprocessing.Process, that does not outlive its program."""

from __future__ import annotations

import ctypes
import multiprocessing.connection
import multiprocessing.context
import os
import queue
import signal
import threading
from typing import Any, Callable, Optional, Tuple

_PR_SET_PDEATHSIG = 1


class Process(multiprocessing.context.SpawnProcess):
    """multiprocessing.Process with the start method "spawn", whose process is killed when the program is gone, even by `kill -9`.

    Everything else is the standard class': start, join, is_alive, pid, exitcode, terminate, kill, close, sentinel, daemon; queues, pipes and locks of
    `multiprocessing.get_context("spawn")` as arguments. Isolation: memory, the GIL and crashes are the process' own; user, files and network
    are the program's. What the process itself starts is its own affair.
    """

    def start(self) -> None:
        """Starts it. From a thread that stays: the system ends a process with the thread that has started it."""
        _starter.run(super().start)

    @property
    def signal(self) -> Optional[str]:
        """The name of the signal that ended it, "SIGKILL"; None: it has not ended, or by itself."""
        code = self.exitcode
        if code is None or code >= 0:
            return None
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"

    def _bootstrap(self, parent_sentinel: Optional[int] = None) -> int:
        # In the process itself, before its target.
        _end_with(self._parent_pid, parent_sentinel)  # type: ignore[attr-defined]
        return super()._bootstrap(parent_sentinel)  # type: ignore[misc]


def _end_with(parent: int, sentinel: Optional[int]) -> None:
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        # Not Linux: the sentinel is all there is.
        pass
    if os.getppid() != parent:
        os._exit(1)
    if sentinel is not None:
        threading.Thread(target=_wait_for, args=(sentinel,), name="workerhost-lifeline", daemon=True).start()


def _wait_for(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


class _Starter:
    """The thread that starts processes, and never ends before the program does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._jobs: "queue.SimpleQueue[Tuple[Callable[[], Any], queue.SimpleQueue]]" = queue.SimpleQueue()

    def run(self, job: Callable[[], Any]) -> None:
        with self._lock:
            if self._pid != os.getpid():
                # The first time, or in a fork of the program, where the thread is not.
                self._jobs = queue.SimpleQueue()
                threading.Thread(target=self._serve, args=(self._jobs,), name="workerhost-starter", daemon=True).start()
                self._pid = os.getpid()
        answer: "queue.SimpleQueue" = queue.SimpleQueue()
        self._jobs.put((job, answer))
        error = answer.get()
        if error is not None:
            raise error

    @staticmethod
    def _serve(jobs: "queue.SimpleQueue") -> None:
        while True:
            job, answer = jobs.get()
            try:
                job()
                answer.put(None)
            except BaseException as error:
                answer.put(error)
            del job


_starter = _Starter()
