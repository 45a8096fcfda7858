"""The tasks of one client at one host, as callers see it."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import List, Optional, Tuple

from . import errors
from ._call import Call
from ._session_loop import SessionLoop, failed_again
from ._timing import Timers
from ._wire import describe


class Connection(SessionLoop):
    """Submits, cancels, closes. Thread-safe."""

    def wait_until_open(self, timeout: float) -> None:
        """Until a first session is open; raises why there is none."""
        end = time.monotonic() + timeout
        with self._wake:
            while not self._was_open:
                left = end - time.monotonic()
                if self._hopeless is not None and (left <= 0 or not isinstance(self._hopeless, errors.HostUnavailable) or isinstance(self._hopeless, errors.HostNotFound)):
                    raise self._hopeless
                if left <= 0:
                    raise self._last_error or errors.HostUnavailable(f"no host has answered within {timeout:g} s")
                self._wake.wait(left)

    def submit(self, call: Call) -> None:
        with self._wake:
            if self._closing:
                raise RuntimeError(self._refusal)
            self._number += 1
            call.number = self._number
            call.future._connection, call.future._call = self, call
            hopeless = self._hopeless if self._session is None else None
            if hopeless is None:
                self._calls[call.number] = call
                self._queues[2 - call.options.priority].append(call)
                self._wake.notify()
        if hopeless is not None:
            call.settled = True
            call.future._end(None, failed_again(hopeless, call))
        elif call.options.timeout is not None:
            call.deadline = time.monotonic() + call.options.timeout
            later = weakref.ref(call)
            self._timers.at(call.deadline, lambda: self._out_of_time(later()))

    def cancel(self, call: Call) -> None:
        with self._wake:
            if call.settled:
                return
            call.settled = True
            self._stop(call)

    def grant(self, future, items: int, size: int) -> None:
        call = future._call
        with self._wake:
            if call is not None and not call.settled and call.session is not None and call.sequence:
                call.session.grants.append((call.sequence, items, size))
                self._wake.notify()

    def close(self, wait: bool, cancel_waiting: bool = False) -> None:
        """Takes nothing new. What was accepted goes on to its end, with cancel_waiting only what has been sent."""
        waiting: List[Call] = []
        with self._wake:
            self._closing = True
            if cancel_waiting:
                for queue in self._queues:
                    waiting.extend(queue)
            self._wake.notify_all()
        for call in waiting:
            call.future.cancel()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join()

    def describe(self, timeout: float) -> Tuple[str, ...]:
        return describe(self._locate(), self._pool, timeout)

    def abort(self, wait: float = 0.0) -> None:
        """Stops everything that is under way, and waits so many seconds for that."""
        with self._wake:
            self._closing = True
            calls = list(self._calls.values())
            self._wake.notify_all()
        for call in calls:
            call.future.cancel()
        if wait:
            self._thread.join(wait)

    def drop(self, why: str) -> None:
        """Takes nothing new, and ends everything at once: what was sent with WorkerLost, the rest as cancelled. The session is over when the host knows."""
        with self._wake:
            self._closing = True
            calls = [call for call in self._calls.values() if not call.settled]
            for call in calls:
                call.settled = True
                if call.session is not None and call.sequence:
                    call.session.cancels.append(call.sequence)
            self._calls.clear()
            self._limbo = []
            for queue in self._queues:
                queue.clear()
            self._wake.notify_all()
        for call in calls:
            if call.future.running():
                error = errors.WorkerLost(f"{why}: task {call.task} may have run")
                error.task = call.task
                call.future._end(None, error)
            else:
                call.future.cancel()

    def leave_to_parent(self) -> None:
        """In a fork of the program: the session and what was submitted are the parent's. There is no other thread here, and locks are as they were there."""
        self._wake = threading.Condition()
        self._timers = Timers()
        self._closing = True
        self._refusal = f"cannot schedule new futures: this is process {os.getpid()}, a fork of process {os.getppid()}, which has them; make an executor or a client of its own here"
        error = RuntimeError(f"this future is that of process {os.getppid()}, of which this one is a fork, and does not end here")
        calls = list(self._calls.values())
        self._calls.clear()
        for call in calls:
            # Its callbacks are the parent's as well.
            call.settled = True
            call.future._end_in_fork(error)
            if call.stream is not None:
                call.stream.end_in_fork()

    # ---- one task --------------------------------------------------------------------------------------------

    def _stop(self, call: Call) -> None:
        # Under the lock; what is in a queue or in pieces is passed over when its turn comes.
        if call.session is None:
            if call not in self._limbo:
                self._calls.pop(call.number, None)
        elif call.sequence:
            call.session.cancels.append(call.sequence)
        else:
            self._calls.pop(call.number, None)
        self._wake.notify()

    def _out_of_time(self, call: Optional[Call]) -> None:
        with self._wake:
            if call is None or call.settled:
                return
            if call.session is not None and call.sequence and time.monotonic() < call.deadline + 0.2:
                # The host has its own clock for it, and knows who ran it.
                self._timers.at(call.deadline + 0.25, lambda: self._out_of_time(call))
                return
            call.settled = True
            self._stop(call)
        error = errors.TaskTimeout(f"task {call.task} did not end within {call.options.timeout:g} s (the option timeout); it is stopped")
        error.task = call.task
        call.future._end(None, error)
