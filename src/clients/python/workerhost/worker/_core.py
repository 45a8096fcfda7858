"""What stands behind the endpoint of a worker: its tasks, its queue and lanes, who it is, whether it is leaving."""

import threading
import time

from . import _failures
from ._lane import Lane
from ._lane_queue import MAX_TASKS, LaneQueue
from ._run import CALLER, Run
from ._timers import Timers

MAX_HEADER_BYTES = 32 * 1024


class Core:
    """Thread-safe."""

    capabilities_without_ledger = ("session", "streams")

    def __init__(self, launch, tasks, ledger):
        self.launch = launch
        self.worker = launch.worker
        self.tasks = tasks
        self.ledger = ledger
        self.max_message_bytes = launch.max_message_bytes
        self.credit = MAX_TASKS
        self.capabilities = [*self.capabilities_without_ledger, *(["ledger"] if ledger else [])]
        self.queue = LaneQueue(Timers(), max(256 * 1024 * 1024, 2 * launch.max_message_bytes))
        self.queue.ledger = ledger
        self.lanes = [Lane(index, self.queue, self) for index in range(launch.concurrency)]
        self._condition = threading.Condition()
        self._sessions = {}
        self._calls = 0
        self._draining = False

    @property
    def is_draining(self):
        return self._draining

    def make_run(self, *, id, task, attempt, headers, content_type, payload, deadline, complete):
        return Run(self.tasks.find(task), self.worker, id, task, attempt, headers, content_type, payload, deadline, complete)

    def objection(self, run, size):
        """Why no handler can be called for it; None: one can."""
        if run.spec is None:
            return _failures.unknown_task(run, self.tasks.names)
        if len(run.id) > _failures.MAX_NAME:
            return _failures.bad_input(run, f"the task's id has {len(run.id)} characters; the limit is {_failures.MAX_NAME}")
        if len(run.task) > _failures.MAX_NAME:
            return _failures.bad_input(run, f"the task's name has {len(run.task)} characters; the limit is {_failures.MAX_NAME}")
        if run.headers:
            header_bytes = sum(len(name.encode()) + len(value.encode()) + 8 for name, value in run.headers.items())
            if header_bytes > MAX_HEADER_BYTES:
                return _failures.bad_input(run, f"the task's headers have {header_bytes} bytes; the limit is {MAX_HEADER_BYTES}")
        if size > self.max_message_bytes:
            return _failures.bad_input(
                run, f"the payload has {size} bytes, more than the limit of {self.max_message_bytes} bytes (MaxMessageBytes of the pool's options)")
        if run.output is not None and run.output.takes_items and run.session_key and not run.spec.yields_items:
            return _failures.bad_input(run, f'task "{run.task}" returns one value and yields no items; submit it, or let its handler be a generator')
        return None

    # ---- who is there ----------------------------------------------------------------------------------------

    def enter_session(self, session, key):
        """Why it cannot be opened, as (is_leaving, words); None: it is open."""
        with self._condition:
            if self._draining:
                return True, f"worker {self.worker} is leaving and takes no new session"
            # Two sessions under one key could not be told apart in the ledger.
            if key in self._sessions:
                return False, "protocol error: another open session has the same session_key"
            self._sessions[key] = session
            return None

    def leave_session(self, key):
        with self._condition:
            del self._sessions[key]
            self._condition.notify_all()

    def enter_call(self):
        """False: it is leaving and takes no new call."""
        with self._condition:
            self._calls += not self._draining
            return not self._draining

    def leave_call(self):
        with self._condition:
            self._calls -= 1
            self._condition.notify_all()

    # ---- leaving ---------------------------------------------------------------------------------------------

    def drain(self):
        """Takes nothing new and gives back what has not started."""
        with self._condition:
            self._draining = True
            sessions = list(self._sessions.values())
        for session in sessions:
            session.drain()

    def is_empty(self):
        return not self._sessions and not self._calls

    def await_empty(self, until, unless):
        """Until every session and call has ended. `until`: a point of time.monotonic(); None: for ever. `unless`: asked again and again whether it is enough now."""
        with self._condition:
            while not self.is_empty() and not unless():
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._condition.wait(0.05 if left is None else min(left, 0.05))
            return self.is_empty()

    def all_stuck(self):
        """Only tasks are left that were told to stop and are in native code, where nothing reaches them."""
        running = list(self.queue.running)
        return bool(running) and all(run.cause is not None and run.lane.is_stuck(run) for run in running)

    def cancel_running(self):
        for run in list(self.queue.running):
            self.queue.cancel(run, CALLER)
