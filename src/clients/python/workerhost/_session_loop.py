"""The thread of a connection: it opens sessions, reads them, and decides what becomes of the tasks of one that broke.

A session that breaks says nothing of its tasks: they are in limbo until the same host is there again (they are attached to under their
numbers), another instance of it is, or the time has passed for which it keeps them. The host tries tasks again, never the client: that
only goes on where a host is gone for good, with what is idempotent or provably never was there.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from typing import Callable, Deque, Dict, Iterator, List, Optional, Tuple

from . import _shutdown, errors
from ._call import Call
from ._session import Session, Window
from ._session_reader import SessionReader
from ._timing import Timers
from ._wire import SessionCall, Target
from .v1 import session_pb2

# When tries have failed for this long, nobody waits any longer.
_PATIENCE = 3.0
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0)


class SessionLoop(SessionReader):
    """What is shared with callers is guarded by `_wake`. `locate` says where the host is each time a session is to be opened; it may wait, and raises a
    WorkerHostError. `lanes`: how many tasks run there at a time, where nobody else has a say in that. `at_end` is called when the last task has ended after `close`.
    """

    def __init__(self, locate: Callable[[], Target], pool: str, lanes: Optional[int] = None, at_end: Callable[[], None] = lambda: None) -> None:
        self._at_end = at_end
        self._locate = locate
        self._pool = pool
        self._prefix = "py-%08x" % random.getrandbits(32)
        self._lanes = lanes
        self._wake = threading.Condition()
        self._calls: Dict[int, Call] = {}
        self._queues: Tuple[Deque[Call], ...] = tuple(deque() for _ in range(5))
        self._too_large: List[Call] = []
        self._number = 0
        self._session: Optional[Session] = None
        self._broken_session = 0
        self._limbo: List[Call] = []
        self._limbo_of = ""
        self._limbo_until = 0.0
        self._closing = False
        self._refusal = "cannot schedule new futures after shutdown"
        self._hopeless: Optional[errors.WorkerHostError] = None
        self._failing_since = 0.0
        self._last_error: Optional[errors.WorkerHostError] = None
        self._was_open = False
        self._timers = Timers()
        self._thread = threading.Thread(target=self._run, name="workerhost-session", daemon=True)
        self._thread.start()

    # ---- tasks without a session -----------------------------------------------------------------------------

    def _fail(self, calls: List[Call], make: Callable[[Call], BaseException]) -> None:
        with self._wake:
            for call in calls:
                self._calls.pop(call.number, None)
            calls = [call for call in calls if not call.settled]
            for call in calls:
                call.settled = True
            self._wake.notify_all()
        for call in calls:
            call.future._end(None, make(call))

    def _waiting(self) -> Iterator[Call]:
        # Under the lock.
        for queue in self._queues:
            while queue:
                call = queue.popleft()
                if call.settled:
                    continue
                if self._session is not None and len(call.data) > self._session.max_message:
                    self._too_large.append(call)
                    continue
                yield call

    def _anything_waits(self) -> bool:
        # Under the lock.
        return any(self._queues)

    def _put_back(self, calls: List[Call]) -> None:
        # Under the lock, in their old order.
        for call in reversed(calls):
            call.session, call.sequence = None, 0
            if call.settled:
                self._calls.pop(call.number, None)
            else:
                self._queues[2 - call.options.priority].appendleft(call)

    # ---- the session thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        tries = 0
        try:
            while not self._is_over():
                try:
                    wire = SessionCall(self._locate(), self._frames_of, self._pool, self._prefix, self._broken_session)
                except Exception as error:
                    tries += 1
                    self._failed_to_open(error if isinstance(error, errors.WorkerHostError) else errors.HostUnavailable(f"no session could be opened: {error!r}"), tries)
                    continue
                began = time.monotonic()
                session = self._attach(wire)
                reason, in_order = self._read(wire, session)
                wire.close()
                self._broken_session = 0 if in_order else wire.key
                self._broke(session, reason, in_order)
                # A session that ends at once is no better than none.
                tries = 0 if time.monotonic() - began > 1 else tries + 1
                if tries > 1:
                    self._pause(tries)
        finally:
            self._timers.close()
            self._at_end()
            _shutdown.forget(self)

    def _is_over(self) -> bool:
        with self._wake:
            return self._closing and not self._calls

    def _pause(self, tries: int) -> None:
        end = time.monotonic() + _PAUSES[min(tries, len(_PAUSES)) - 1] * random.uniform(0.75, 1.25)
        with self._wake:
            while (left := end - time.monotonic()) > 0 and not (self._closing and not self._calls):
                self._wake.wait(left)

    def _failed_to_open(self, error: errors.WorkerHostError, tries: int) -> None:
        now = time.monotonic()
        with self._wake:
            self._failing_since = self._failing_since or now
            overdue = self._limbo if self._limbo and now >= self._limbo_until else []
            if overdue:
                self._limbo = []
            failed: List[Call] = []
            self._last_error = error
            if now - self._failing_since >= _PATIENCE or isinstance(error, (errors.HostRefused, errors.HostNotFound)):
                self._hopeless = error
                failed = list(self._waiting())
            self._wake.notify_all()
        self._lose(overdue, f"{error}; it could not be reached again within the time for which it keeps tasks")
        self._fail(failed, lambda call: failed_again(error, call))
        self._pause(tries)

    def _attach(self, wire: SessionCall) -> Session:
        session = Session(wire.hello, Window(self._lanes))
        lost: List[Call] = []
        with self._wake:
            limbo, self._limbo = self._limbo, []
            if limbo and session.keeps_tasks and session.instance == self._limbo_of:
                for call in limbo:
                    call.carried = True
                session.again.extend(limbo)
            else:
                lost = limbo
            self._failing_since, self._hopeless = 0.0, None
            self._session = session
            self._was_open = True
            self._wake.notify_all()
        self._lose(lost, "the host was restarted")
        wire.session = session
        with self._wake:
            self._wake.notify_all()
        return session

    def _lose(self, calls: List[Call], why: str) -> None:
        again = [call for call in calls if call.options.idempotent and not call.settled]
        with self._wake:
            for call in again:
                call.carried = False
            self._put_back(again)
            self._wake.notify_all()

        def lost(call: Call) -> errors.WorkerLost:
            error = errors.WorkerLost(f"the host with task {call.task} was lost: {why}. The task may have run; it is not tried again because the option idempotent is not set")
            error.task = call.task
            return error

        self._fail([call for call in calls if not call.options.idempotent or call.settled], lost)

    def _broke(self, session: Session, reason: str, in_order: bool) -> None:
        with self._wake:
            session.ended = True
            self._session = None
            written, unsent = session.left_over()
            self._put_back(unsent)
            never: List[Call] = []
            streams: List[Call] = []
            limbo: List[Call] = []
            for call in written:
                # What the host had not read when it ended the session by itself has never begun.
                unread = in_order and session.keeps_tasks and not call.carried and not (call.stream is not None and call.stream.has_items)
                (never if unread else streams if call.stream is not None else limbo).append(call)
            self._put_back(never)
            for call in limbo:
                call.session, call.sequence = None, 0
            if limbo:
                until = time.monotonic() + session.keeps_for
                self._limbo_until = min(self._limbo_until, until) if any(call.carried for call in limbo) and self._limbo_until else until
                self._limbo_of = session.instance
            else:
                self._limbo_until = 0.0
            self._limbo = limbo if session.keeps_tasks else []
            self._wake.notify_all()
        if not session.keeps_tasks:
            self._lose(limbo, reason)
        self._fail(streams, lambda call: errors.WorkerLost(f"the connection broke while the items of task {call.task} were on their way ({reason}): those are lost, and the task was stopped"))

    # ---- frames ----------------------------------------------------------------------------------------------

    def _frames_of(self, wire: SessionCall) -> Iterator[session_pb2.SessionRequest]:
        """Runs on a thread of grpc's, which asks for the next frame when the one before is written: so frames grow with the load."""
        while True:
            with self._wake:
                while True:
                    session = wire.session
                    if wire.ended or (session is not None and session.ended):
                        return
                    if session is not None:
                        if session.has_something() or (session.has_room() and self._anything_waits()):
                            break
                        if self._closing and not self._calls:
                            session.half_closed = True
                            return
                    self._wake.wait()
                frame = session.take_frame(self._waiting())
                too_large, self._too_large = self._too_large, []
            if too_large:
                self._fail(too_large, lambda call: errors.BadInput(f"the payload of task {call.task} has {len(call.data)} bytes; the pool takes at most {session.max_message} (maxMessageBytes)"))
            if frame.ByteSize():
                yield frame


def failed_again(error: errors.WorkerHostError, call: Call) -> errors.WorkerHostError:
    """The same, once more: each caller's traceback is his own."""
    made = type(error)(*error.args)
    made.task, made.never_started = call.task, True
    return made
