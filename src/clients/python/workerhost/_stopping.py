"""How Python code in a thread is stopped: by an exception that it meets at its next bytecode."""

from __future__ import annotations

import ctypes
import threading
from typing import Any, Callable, Optional


class Stopped(BaseException):
    """What code that is being stopped meets. Not an Exception, so that `except Exception` lets it pass; `finally` blocks run."""


def _raise_in(thread: int, what: Optional[type]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(what) if what is not None else None)


class StoppableRun:
    """One run of a function in some thread. `stop` may come from any other, at any time, and meets nothing else that runs there."""

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self._function, self._args, self._kwargs = function, args, kwargs
        # Of threads: whoever is stopped between taking and keeping it takes it again, and after that nobody wants it.
        self._lock = threading.RLock()
        self._thread: Optional[int] = None
        self.stopped = False

    def __call__(self) -> Any:
        thread = threading.get_ident()
        with self._lock:
            if self.stopped:
                raise Stopped
            self._thread = thread
        try:
            return self._function(*self._args, **self._kwargs)
        finally:
            self._leave(thread)
            self._function = self._args = self._kwargs = None  # type: ignore[assignment]

    def stop(self) -> None:
        with self._lock:
            if self.stopped:
                return
            self.stopped = True
            if self._thread is not None:
                _raise_in(self._thread, Stopped)

    def _leave(self, thread: int) -> None:
        while True:
            try:
                with self._lock:
                    self._thread = None
                    if self.stopped:
                        # It may be on its way still, and is not to meet what runs in this thread next.
                        _raise_in(thread, None)
                return
            except Stopped:
                continue
