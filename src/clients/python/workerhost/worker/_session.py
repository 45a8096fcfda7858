"""One duplex stream: tasks come in frames, outcomes leave in frames. A frame holds what gathered while the one before it was being sent, and nothing waits for company."""

import threading
import time

import grpc

from workerhost.v1 import session_pb2

from . import _failures
from ._frames import MAX_FRAME_BYTES, describe, frames_of
from ._launch import MAX_PROTOCOL, MIN_PROTOCOL
from ._output import Output
from ._run import CALLER, End

_MIN_FRAME_BYTES = 1024

# Outcomes that wait for the client to read those before them: beyond that it is not read either.
_MOST_PENDING = 65_536
_CENTURY_US = 100 * 365 * 24 * 3600 * 1_000_000

_GIVEN_BACK = End(recalled=True)


class Refusal(Exception):
    """The session ends with this status and these words."""

    def __init__(self, words, code=grpc.StatusCode.INVALID_ARGUMENT):
        super().__init__(words)
        self.code = code


class Session:
    def __init__(self, core, frames, context):
        self._core = core
        self._frames = frames
        self._context = context
        self._condition = threading.Condition()
        self._in_flight = {}
        self._pending = []
        self._started = []
        self._last_sequence = 0
        self._tell_draining = self._drained = self._half_closed = self._abandoned = False
        self._refusal = None
        self._waits = False
        self._track = -1

    # ---- the stream ------------------------------------------------------------------------------------------

    def run(self):
        """The frames to be sent, one after the other. Raises Refusal."""
        hello = self._greet()
        self._key = hello.session_key
        self._prefix = _failures.cut(hello.id_prefix, _failures.MAX_NAME)
        self._reports_started = hello.report_started
        self._max_frame = min(max(hello.max_frame_bytes or MAX_FRAME_BYTES, _MIN_FRAME_BYTES), MAX_FRAME_BYTES)
        if (refused := self._core.enter_session(self, self._key)) is not None:
            raise Refusal(refused[1], grpc.StatusCode.UNAVAILABLE if refused[0] else grpc.StatusCode.INVALID_ARGUMENT)
        # When its last frame is written, or its connection is gone.
        if not self._context.add_callback(self._gone):
            self._gone()
        ledger = self._core.ledger
        try:
            if ledger is not None:
                self._track = ledger.open_track(self._key)
            yield self._hello()
            threading.Thread(target=self._read, name="workerhost session", daemon=True).start()
            while (taken := self._take()) is not None:
                yield from frames_of(*taken, self._max_frame)
            if self._refusal is not None:
                raise self._refusal
        finally:
            self._broken()
            if ledger is not None:
                ledger.close_track(self._track)

    def _gone(self):
        self._broken()
        self._core.leave_session(self._key)

    def drain(self):
        with self._condition:
            self._drained = self._tell_draining = True
            waiting = list(self._in_flight.values())
            self._wake()
        for run in waiting:
            if self._core.queue.remove(run):
                self._complete(run, _GIVEN_BACK)

    def _greet(self):
        first = next(self._frames, None)
        if first is None:
            raise Refusal("protocol error: the session ended before its hello")
        if not first.HasField("hello"):
            raise Refusal("protocol error: the first frame of a session must be its hello")
        if first.tasks or first.cancel or first.recall or first.chunks or first.stream_credit:
            raise Refusal("protocol error: the first frame of a session has nothing but its hello")
        hello, core = first.hello, self._core
        if hello.pool and hello.pool != core.launch.pool:
            raise Refusal(f'no pool "{hello.pool[:200]}" here; worker {core.worker} belongs to "{core.launch.pool}"', grpc.StatusCode.NOT_FOUND)
        if hello.min_protocol > MAX_PROTOCOL or hello.max_protocol < MIN_PROTOCOL:
            raise Refusal(
                f"no common protocol version: the client speaks {hello.min_protocol} to {hello.max_protocol}, "
                f"worker {core.worker} speaks {MIN_PROTOCOL} to {MAX_PROTOCOL}",
                grpc.StatusCode.FAILED_PRECONDITION)
        missing = [name for name in hello.required_capabilities if name not in core.capabilities]
        if missing:
            raise Refusal(
                _failures.cut(
                    f"missing capabilities {', '.join(missing)}: the client requires {', '.join(hello.required_capabilities)}, "
                    f"worker {core.worker} offers {', '.join(core.capabilities)}", 1024),
                grpc.StatusCode.FAILED_PRECONDITION)
        if hello.session_key == 0:
            raise Refusal("protocol error: the hello's session_key is 0; it must be random and not 0")
        return hello

    def _hello(self):
        core = self._core
        response = session_pb2.SessionResponse()
        response.hello.CopyFrom(session_pb2.EndpointHello(
            protocol=MAX_PROTOCOL, capabilities=core.capabilities, host_instance=core.launch.host_instance, worker=core.worker,
            incarnation=core.launch.incarnation, concurrency=core.launch.concurrency, credit=core.credit, tasks=describe(core.tasks),
            max_frame_bytes=MAX_FRAME_BYTES, max_message_bytes=core.max_message_bytes))
        return response

    # ---- reading ---------------------------------------------------------------------------------------------

    def _read(self):
        try:
            for frame in self._frames:
                self._take_frame(frame)
                with self._condition:
                    while len(self._pending) > _MOST_PENDING and not self._abandoned:
                        self._condition.wait()
                    if self._abandoned:
                        return
            with self._condition:
                self._half_closed = True
                self._wake()
        except Refusal as refusal:
            with self._condition:
                self._refusal = refusal
                self._wake()
        except Exception:
            self._broken()  # the call has ended under us

    def _take_frame(self, frame):
        if frame.HasField("hello"):
            raise Refusal("protocol error: a second hello")
        if frame.chunks:
            raise Refusal('protocol error: a piece of a payload came, and this worker does not offer "chunks"')
        if frame.tasks:
            self._submit(frame.tasks)
        queue = self._core.queue
        for sequence in frame.cancel:
            run = self._find(sequence, "cancels")
            if run is not None and queue.cancel(run, CALLER):
                self._complete(run, End(failure=_failures.cancelled(run, started=False)))
        for credit in frame.stream_credit:
            run = self._find(credit.sequence, "gives credit for")
            if run is not None and run.output is not None:
                run.output.grant(credit.items, credit.bytes)
        for sequence in frame.recall:
            run = self._find(sequence, "recalls")
            if run is not None and queue.remove(run):
                self._complete(run, _GIVEN_BACK)

    def _submit(self, submissions):
        now = time.monotonic()
        core, runs, ended = self._core, [], []
        for submission in submissions:
            sequence = submission.sequence
            if sequence <= self._last_sequence:
                raise Refusal(f"protocol error: sequences must rise: {sequence} came after {self._last_sequence}")
            self._last_sequence = sequence
            limit = submission.time_limit_us
            run = core.make_run(
                id=submission.id or f"{self._prefix}-{submission.number}", task=submission.task, attempt=submission.attempt,
                headers=dict(submission.headers) if submission.headers else {}, content_type=submission.content_type, payload=submission.data,
                deadline=now + limit / 1e6 if 0 < limit < _CENTURY_US else None, complete=self._complete)
            run.session_key, run.sequence, run.track = self._key, sequence, self._track
            if submission.stream_items or submission.reports_progress:
                run.output = Output(
                    bool(submission.stream_items), submission.stream_items, submission.stream_bytes, lambda said, run=run: self._say(run, said))
            runs.append(run)
            objection = core.objection(run, max(submission.total_bytes, len(submission.data)))
            if objection is not None:
                ended.append((run, End(failure=objection)))
        with self._condition:
            if self._abandoned:
                return
            self._in_flight.update((run.sequence, run) for run in runs)
            leaving = self._drained
        for run, end in ended:
            self._complete(run, end)
        if ended:
            objected = {run for run, _ in ended}
            runs = [run for run in runs if run not in objected]
        if leaving:
            # Nothing may start any more.
            for run in runs:
                self._complete(run, _GIVEN_BACK)
            return
        if self._reports_started:
            for run in runs:
                run.on_start = self._report_start
        for run in core.queue.enqueue(runs):
            self._complete(run, End(failure=_failures.full(run, f"{core.queue.waiting} tasks")))
        # The end, or the drain, may have come between.
        if self._abandoned or self._drained:
            for run in runs:
                if core.queue.remove(run):
                    self._complete(run, _GIVEN_BACK)

    def _find(self, sequence, verb):
        if sequence > self._last_sequence:
            raise Refusal(f"protocol error: a frame {verb} sequence {sequence}, but the last one submitted is {self._last_sequence}")
        return self._in_flight.get(sequence)

    # ---- what there is to say --------------------------------------------------------------------------------

    def _complete(self, run, end):
        with self._condition:
            if self._in_flight.pop(run.sequence, None) is not None and not self._abandoned:
                self._pending.append((run, end))
                self._wake()

    def _say(self, run, said):
        with self._condition:
            if not self._abandoned:
                self._pending.append((run, said))
                self._wake()

    def _report_start(self, run):
        with self._condition:
            self._started.append(run.sequence)
            self._wake()

    def _wake(self):
        # Under the condition's lock. The reader waits there, too, but only while much is pending.
        if self._waits:
            self._condition.notify_all()

    def _broken(self):
        """Nobody is there any more: what is left must not run for nobody."""
        with self._condition:
            if self._abandoned:
                return
            self._abandoned = True
            self._pending = []
            left = list(self._in_flight.values())
            self._condition.notify_all()
        for run in left:
            self._core.queue.cancel(run, CALLER)

    # ---- writing ---------------------------------------------------------------------------------------------

    def _take(self):
        """What has gathered; None: there will be nothing more."""
        with self._condition:
            while True:
                if self._abandoned or self._refusal is not None:
                    return None
                if self._pending or self._started or self._tell_draining:
                    pending, self._pending = self._pending, []
                    started, self._started = [s for s in self._started if s in self._in_flight], []
                    draining, self._tell_draining = self._tell_draining, False
                    if len(pending) > _MOST_PENDING:
                        self._condition.notify_all()
                    return pending, started, draining
                if (self._half_closed or self._drained) and not self._in_flight:
                    return None
                self._waits = True
                self._condition.wait()
                self._waits = False
