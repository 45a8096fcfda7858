"""Threads of this process, and a pool of them, that can be stopped."""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.thread
import os
import threading
import time
import weakref
from concurrent.futures import _base
from typing import Any, Callable, Iterable, Mapping, Optional

from ._stopping import StoppableRun, Stopped
from ._timing import Timers
from .errors import BadInput, TaskTimeout

_timers = Timers()
if hasattr(os, "register_at_fork"):
    # Their thread is not there.
    os.register_at_fork(after_in_child=_timers.__init__)  # type: ignore[misc]


class _ThreadFuture(concurrent.futures.Future):
    _run: StoppableRun

    def cancel(self) -> bool:
        """Also of a task that runs: its code meets an exception at its next bytecode. False: it has ended."""
        with self._condition:
            if self._state in (_base.CANCELLED, _base.CANCELLED_AND_NOTIFIED):
                return True
            if self._state == _base.FINISHED:
                return False
            if self._state == _base.RUNNING:
                self._state = _base.CANCELLED_AND_NOTIFIED
                for waiter in self._waiters:
                    waiter.add_cancelled(self)
            else:
                # Its thread finds it so and tells who waits.
                self._state = _base.CANCELLED
            self._condition.notify_all()
        self._invoke_callbacks()
        self._run.stop()
        return True

    def set_running_or_notify_cancel(self) -> bool:
        # Out of time before it began: it has ended, and nobody waits for its thread.
        return self._state != _base.FINISHED and super().set_running_or_notify_cancel()

    def set_result(self, result: Any) -> None:
        self._settle(lambda: super(_ThreadFuture, self).set_result(result))

    def set_exception(self, exception: Optional[BaseException]) -> None:
        self._settle(lambda: super(_ThreadFuture, self).set_exception(exception))

    def _settle(self, how: Callable[[], None]) -> None:
        try:
            how()
        except concurrent.futures.InvalidStateError:
            # It has ended for its caller already: cancelled, or out of time.
            pass


def _out_of_time(future: Optional[_ThreadFuture], timeout: float) -> None:
    if future is not None and not future.done():
        future._run.stop()
        # One that has not begun is told by its thread, which finds it ended, to pass it over.
        future.set_exception(TaskTimeout(f"the task did not end within {timeout:g} s (the option timeout); it is stopped as soon as it runs Python code"))


class ThreadPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    """The standard ThreadPoolExecutor, whose tasks can also be stopped: by `cancel()` while they run, or by `options(timeout=…)`.

    Threads share the program's memory, so everything can be passed, lambdas included, and nothing is isolated: a crash is the program's.
    A stop is an exception in the task's thread, at its next bytecode. Native code (a long `time.sleep`, a read from a socket, a
    library's computation) is not interrupted: the future ends at once, and the thread is free when the call comes back. Use
    ProcessPoolExecutor where that is not good enough.
    """

    _timeout: Optional[float] = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "concurrent.futures.Future[Any]":
        return self._submit(self._timeout, fn, args, kwargs)

    def options(self, *, timeout: Optional[float] = None) -> "_WithTimeout":
        """The same executor, whose tasks have a time limit, in seconds from their submission."""
        return _WithTimeout(self, timeout)

    def _submit(self, timeout: Optional[float], fn: Callable[..., Any], args: Any, kwargs: Any) -> "concurrent.futures.Future[Any]":
        run = StoppableRun(fn, args, kwargs)
        future = super().submit(run)
        future.__class__ = _ThreadFuture
        future._run = run  # type: ignore[attr-defined]
        if timeout is not None:
            later = weakref.ref(future)
            _timers.at(time.monotonic() + timeout, lambda: _out_of_time(later(), timeout))
        return future


class _WithTimeout(concurrent.futures.Executor):
    """A ThreadPoolExecutor, seen with a time limit."""

    def __init__(self, owner: ThreadPoolExecutor, timeout: Optional[float]) -> None:
        if timeout is not None and not 0 < timeout < threading.TIMEOUT_MAX:
            raise BadInput(f"timeout is {timeout!r}; allowed: a number of seconds above 0, or None for no limit")
        self._executor, self._timeout = owner, timeout

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "concurrent.futures.Future[Any]":
        return self._executor._submit(self._timeout, fn, args, kwargs)

    def options(self, *, timeout: Optional[float] = None) -> "_WithTimeout":
        return _WithTimeout(self._executor, timeout)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait, cancel_futures=cancel_futures)


class Thread(threading.Thread):
    """threading.Thread, which can also be stopped, and says how it ended.

    It shares the program's memory and dies with it. `terminate()` stops Python code at its next bytecode; native code is not
    interrupted (see ThreadPoolExecutor). For work that must be stoppable whatever it does there is workerhost.Process.
    """

    def __init__(
        self,
        group: None = None,
        target: Optional[Callable[..., object]] = None,
        name: Optional[str] = None,
        args: Iterable[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        *,
        daemon: Optional[bool] = None,
    ) -> None:
        super().__init__(group, target, name, args, kwargs, daemon=daemon)
        self._exitcode: Optional[int] = None
        self._whole_run = StoppableRun(super().run if type(self).run is Thread.run else self.run, (), {})
        self.run = self._stoppable_run  # type: ignore[method-assign]

    def _stoppable_run(self) -> None:
        try:
            self._whole_run()
            self._exitcode = 0
        except Stopped:
            self._exitcode = -15
        except SystemExit as end:
            self._exitcode = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            self._exitcode = 1
            raise

    @property
    def exitcode(self) -> Optional[int]:
        """None: it has not ended. 0: it returned; 1: an exception; -15: it was terminated; else what `sys.exit` was given."""
        return None if self.is_alive() else self._exitcode

    def terminate(self) -> None:
        """Stops it. Of one that has not begun: it ends as soon as it does. Does not wait; see `join`."""
        self._whole_run.stop()

    kill = terminate
