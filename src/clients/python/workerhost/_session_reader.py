"""What a host says, and what it means for the tasks of a connection."""

from __future__ import annotations

import logging
import threading
import time
from typing import Callable, Dict, List, Tuple

import grpc

from . import errors
from ._call import Call
from ._failures import exception_of
from ._session import Session
from ._timing import Timers
from ._wire import SessionCall
from .v1 import failure_pb2, session_pb2


class SessionReader:
    """The reading half of a connection; on its thread, but for `_requeue`."""

    _wake: threading.Condition
    _timers: Timers
    _calls: Dict[int, Call]
    _closing: bool

    def _put_back(self, calls: List[Call]) -> None:
        raise NotImplementedError

    def _anything_waits(self) -> bool:
        raise NotImplementedError

    def _read(self, wire: SessionCall, session: Session) -> Tuple[str, bool]:
        try:
            for frame in wire.frames():
                self._take(session, frame)
            return "the host ended the session", True
        except grpc.RpcError as error:
            return f"{error.code().name}: {error.details()}", False
        except BaseException as error:
            # Whatever the host made of its frame, or somebody's callback of it: none of its tasks waits for ever.
            return f"what it sent cannot be understood: {error}", False

    def _take(self, session: Session, frame: session_pb2.SessionResponse) -> None:
        session.read_pieces(frame)
        for said in frame.progress:
            call = session.in_flight.get(said.sequence)
            if call is None:
                continue
            if said.is_item:
                if call.stream is not None and not call.settled:
                    call.stream.put(said.content_type, said.data, said.more)
            elif call.options.progress is not None and not call.settled:
                _tell(call.options.progress, said.fraction, said.message)
        ended: List[Tuple[Call, session_pb2.TaskOutcome, bytes]] = []
        if frame.outcomes:
            session.outcomes_read()
            with self._wake:
                for outcome in frame.outcomes:
                    data = session.whole(outcome)
                    call = session.ended_task(outcome.sequence, outcome.service_us, len(data))
                    if call is None:
                        continue
                    if outcome.recalled:
                        self._put_back([call])
                        continue
                    ended.append((call, outcome, data))
                if session.has_something() or self._anything_waits():
                    # Else the writing thread would only take the lock of the interpreter from who waits for these.
                    self._wake.notify()
        if frame.credit or frame.draining:
            with self._wake:
                session.credit = frame.credit or session.credit
                session.draining = session.draining or frame.draining
                self._wake.notify()
        if ended:
            over = [call for call, outcome, data in ended if self._end(call, outcome, data)]
            with self._wake:
                for call in over:
                    self._calls.pop(call.number, None)
                if self._closing and not self._calls:
                    self._wake.notify_all()

    def _end(self, call: Call, outcome: session_pb2.TaskOutcome, data: bytes) -> bool:
        """False: it is to go again."""
        if call.settled:
            return True
        if not outcome.HasField("failure"):
            try:
                result, exception = call.decode(outcome.content_type, data), None
            except BaseException as error:
                result, exception = None, error
            call.settled = True
            call.future._end(result, exception)
            return True
        failure = outcome.failure
        if failure.kind == failure_pb2.TASK_FAILURE_KIND_REJECTED and failure.never_started:
            pause = max(0.05, errors.seconds(failure.retry_after) if failure.HasField("retry_after") else 0.1)
            if not call.deadline or time.monotonic() + pause < call.deadline:
                # Full, or leaving: nobody's fault, and no attempt.
                with self._wake:
                    call.session, call.sequence, call.carried = None, 0, False
                self._timers.at(time.monotonic() + pause, lambda: self._requeue(call))
                return False
        if failure.kind == failure_pb2.TASK_FAILURE_KIND_CANCELLED:
            if call.carried and (failure.never_started or call.options.idempotent):
                # The host gave it up because nobody had come back in time, by its clock.
                call.carried = False
                self._requeue(call)
                return False
            call.settled = True
            call.future._end_stopped()
            return True
        call.settled = True
        call.future._end(None, exception_of(failure, call.pickled))
        return True

    def _requeue(self, call: Call) -> None:
        with self._wake:
            self._put_back([call])
            self._wake.notify_all()


def _tell(callback: Callable[[float, str], None], fraction: float, message: str) -> None:
    try:
        callback(fraction, message)
    except BaseException:
        logging.getLogger("workerhost").exception("exception calling callback %r", callback)
