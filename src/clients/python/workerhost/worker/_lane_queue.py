"""What waits for a lane, first come first served: the ledger's proof of "never started" rests on starts in the order of their sequences."""

import collections
import threading
import time

from . import _failures
from ._run import CALLER, DONE, QUEUED, REMOVED, RUNNING, TIME_LIMIT, End

MAX_TASKS = 65_536

# From a stop until it is raised into a handler that said it minds by itself.
_MINDED_GRACE_SECONDS = 0.25


class LaneQueue:
    """Thread-safe."""

    def __init__(self, timers, max_bytes):
        self._timers = timers
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._waiting = collections.deque()
        self._idle = []
        self._count = self._bytes = 0
        self._stopped = False
        self.ledger = None
        self.running = set()

    @property
    def waiting(self):
        return self._count

    def enqueue(self, runs):
        """Answers those that found no room."""
        refused, wake = [], []
        for run in runs:
            if run.deadline is not None:
                run.timer = self._timers.at(run.deadline, lambda run=run: self._expire(run))
        with self._lock:
            for run in runs:
                # One that is alone is always taken, however large: it passed the message limit.
                if self._count and (self._count >= MAX_TASKS or self._bytes + len(run.payload) > self._max_bytes):
                    refused.append(run)
                    continue
                run.state = QUEUED
                self._waiting.append(run)
                self._count += 1
                self._bytes += len(run.payload)
                if self._idle:
                    wake.append(self._idle.pop())
        for lane in wake:
            lane.wake()
        for run in refused:
            self._forget_timer(run)
        return refused

    def take(self, lane):
        """Blocks until there is something to run; None: the queue was stopped. One in the state REMOVED has passed its time limit unstarted."""
        while True:
            with self._lock:
                if self._stopped:
                    return None
                while self._waiting:
                    run = self._waiting.popleft()
                    if run.state != QUEUED:
                        continue
                    self._forget(run)
                    if run.deadline is not None and run.deadline <= time.monotonic():
                        run.state = REMOVED
                        return run
                    # Taking and marking are one step: with two lanes the marks could else go backwards.
                    run.state = RUNNING
                    run.lane = lane
                    run.began = time.monotonic()
                    self.running.add(run)
                    if self.ledger is not None:
                        self.ledger.start(lane.index, run.track, run.session_key, run.sequence)
                    return run
                self._idle.append(lane)
            lane.park()

    def done(self, run):
        with self._lock:
            run.state = DONE
            self.running.discard(run)
        self._forget_timer(run)

    def remove(self, run):
        """True: it had not started, and whoever removed it has to say so."""
        with self._lock:
            if run.state != QUEUED:
                return False
            run.state = REMOVED
            self._forget(run)
            if len(self._waiting) > 2 * self._count + 64:
                self._waiting = collections.deque(kept for kept in self._waiting if kept.state == QUEUED)
        self._forget_timer(run)
        return True

    def cancel(self, run, cause=CALLER):
        """True: it had not started, and whoever cancelled it has to say so. False: it was told to stop, or has ended."""
        if self.remove(run):
            return True
        if run.state == RUNNING and run._set_stop(cause):
            self._stop(run)
        return False

    def stop(self):
        """Lanes end when they have finished what they run."""
        with self._lock:
            self._stopped = True
            idle, self._idle = self._idle, []
        for lane in idle:
            lane.wake()

    def _stop(self, run):
        if run.output is not None:
            run.output.wake()
        if run.spec.is_async:
            run.lane.cancel_coroutine(run)
        if run.spec.interrupt:
            if run.minds_its_stop or run.spec.is_async:
                self._timers.at(time.monotonic() + _MINDED_GRACE_SECONDS, lambda: run.lane.interrupt(run))
            else:
                run.lane.interrupt(run)

    def _expire(self, run):
        if self.cancel(run, TIME_LIMIT):
            run.complete(run, End(failure=_failures.time_limit_passed(run, started=False)))

    def _forget(self, run):
        self._count -= 1
        self._bytes -= len(run.payload)

    def _forget_timer(self, run):
        if run.timer is not None:
            self._timers.cancel(run.timer)
