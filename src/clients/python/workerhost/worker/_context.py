"""What a handler may know of its task, and say of it."""

import contextvars
import math
import threading
import time
from typing import Mapping, Optional

from ._errors import Cancelled

_current: "contextvars.ContextVar[Optional[Context]]" = contextvars.ContextVar("workerhost task", default=None)


class Context:
    """One task in this worker. Thread-safe.

    A handler gets it through a parameter annotated `worker.Context`, or by `worker.current()`. Asking for it tells that the handler
    minds its stop by itself: it then has a moment (0.25 s) until `Cancelled` is raised into it; others have none.
    """

    __slots__ = ("_id", "_task", "_attempt", "_worker", "_headers", "_deadline", "_cancelled", "_stop", "_output", "_minds", "_lock")

    def __init__(self):
        self._cancelled = None
        self._stop = None
        self._output = None
        self._minds = False
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """The caller's id of the task; the same in every attempt."""
        return self._id

    @property
    def task(self) -> str:
        return self._task

    @property
    def attempt(self) -> int:
        """From 1."""
        return self._attempt

    @property
    def worker(self) -> str:
        """Who runs it: "pool/slot#incarnation"."""
        return self._worker

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    @property
    def time_remaining(self) -> Optional[float]:
        """Seconds until the time limit passes, never below 0; None: it has none."""
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    @property
    def deadline(self) -> Optional[float]:
        """When the time limit passes, by `time.monotonic()`; None: it has none."""
        return self._deadline

    @property
    def cancelled(self) -> threading.Event:
        """Set when the task is to stop, because its caller wants it or its time limit has passed."""
        with self._lock:
            if self._cancelled is None:
                self._cancelled = threading.Event()
                if self._stop is not None:
                    self._cancelled.set()
            return self._cancelled

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled if the task is to stop."""
        if self._stop is not None:
            raise Cancelled(self._stop)

    def report(self, fraction: Optional[float] = None, message: Optional[str] = None) -> None:
        """Says how far the task is: from 0 to 1, None where that is unknown. Never waits; of several that nobody has heard yet the newest is kept."""
        output = self._output
        if output is not None:
            output.report(math.nan if fraction is None or math.isnan(fraction) else min(max(float(fraction), 0.0), 1.0), message or "")

    def _set_stop(self, cause):
        """The first cause stays. False: there was one."""
        with self._lock:
            if self._stop is not None:
                return False
            self._stop = cause
            if self._cancelled is not None:
                self._cancelled.set()
            return True


def current() -> Context:
    """The task that this code runs for. Raises RuntimeError outside of a handler."""
    context = _current.get()
    if context is None:
        raise RuntimeError("worker.current() was called outside of a task")
    context._minds = True
    return context
