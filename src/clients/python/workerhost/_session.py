"""One session with a host: what is on its way there, and how frames are made and read. Guarded by the lock of its connection."""

from __future__ import annotations

import time
from collections import deque
from typing import Deque, Dict, Iterator, List, Optional, Tuple

from ._call import Call
from ._options import PLAIN
from .v1 import session_pb2

# The host is told at the latest after so many frames, or so many bytes of results, what it need not keep any more.
_FRAMES_UNTOLD = 1024
_BYTES_UNTOLD = 1 << 20

# Payloads that are under way take memory at the host.
_BYTES_IN_FLIGHT = 64 << 20

_PIECE = 64 << 10


class Session:
    """The books of one session."""

    def __init__(self, hello: session_pb2.EndpointHello, window: "Window") -> None:
        self.instance = hello.host_instance
        self.keeps_tasks = "attach" in hello.capabilities and bool(hello.host_instance)
        self.keeps_for = min(hello.abandoned_after_ms / 1000, 86400.0) if self.keeps_tasks else 0.0
        self.takes_chunks = "chunks" in hello.capabilities
        self.takes_streams = "streams" in hello.capabilities
        self.credit = hello.credit or hello.concurrency or 1
        self.max_frame = max(1024, min(hello.max_frame_bytes or 256 << 10, 256 << 10))
        self.max_message = hello.max_message_bytes or 64 << 20
        self.window = window
        self.in_flight: Dict[int, Call] = {}
        self.bytes_in_flight = 0
        #: Written in an earlier session to the same host: before anything else.
        self.again: Deque[Call] = deque()
        self.cancels: List[int] = []
        self.grants: List[Tuple[int, int, int]] = []
        self.draining = False
        self.ended = False
        self.half_closed = False
        self._sequence = 0
        self._uploads = 0
        self._large: Deque[Call] = deque()
        self._large_sent = 0
        self._large_upload = 0
        self._pieces: Dict[int, bytearray] = {}
        self._outcome_frames = 0
        self._told = 0
        self._bytes_untold = 0

    # ---- writing ---------------------------------------------------------------------------------------------

    def has_room(self) -> bool:
        """For another task from the queue."""
        flying = len(self.in_flight) + len(self._large)
        return not self.draining and not self.again and flying < self.window.size(self.credit) and (self.bytes_in_flight < _BYTES_IN_FLIGHT or not flying)

    def has_something(self) -> bool:
        return bool(self.again or self.cancels or self.grants or self._large or self._tells_by_itself())

    def take_frame(self, queue: Iterator[Call]) -> session_pb2.SessionRequest:
        frame = session_pb2.SessionRequest()
        size = 0
        now = time.monotonic()
        while self.again:
            # The host has its payload and compares it: it has to come whole, and alone where it is large.
            if size and size + self.again[0].size > self.max_frame:
                return frame
            size += self._add(frame, self.again.popleft(), now)
        limit = self.max_frame // 2 if self._large else self.max_frame
        while size < limit and self.has_room():
            call = next(queue, None)
            if call is None:
                break
            if self.takes_chunks and call.size > self.max_frame // 2:
                self._large.append(call)
                call.session = self
                self.bytes_in_flight += call.size
                continue
            size += self._add(frame, call, now)
        if self._large:
            self._add_pieces(frame, size, now)
        if self.cancels:
            frame.cancel.extend(self.cancels)
            self.cancels.clear()
        for sequence, items, count in self.grants:
            frame.stream_credit.add(sequence=sequence, items=items, bytes=count)
        self.grants.clear()
        if self._outcome_frames != self._told:
            frame.outcomes_seen = self._told = self._outcome_frames
            self._bytes_untold = 0
        return frame

    def _add(self, frame: session_pb2.SessionRequest, call: Call, now: float, tail: Optional[bytes] = None) -> int:
        self._sequence += 1
        call.sequence = sequence = self._sequence
        if tail is None:
            # A large one was counted when its first piece went.
            self.bytes_in_flight += call.size
        call.session = self
        self.in_flight[sequence] = call
        task = frame.tasks.add(sequence=sequence, task=call.task, data=call.data if tail is None else tail, number=call.number)
        if call.content_type:
            task.content_type = call.content_type
        options = call.options
        if tail is not None:
            task.total_bytes, task.upload = len(call.data), self._large_upload
        if call.deadline:
            task.time_limit_us = max(1, int((call.deadline - now) * 1e6))
        if options is not PLAIN:
            _say(task, options)
        if call.stream is not None:
            task.stream_items, task.stream_bytes = call.stream.room()
        if call.carried:
            task.attach = True
        if call.settled:
            # It ended while it was away: what runs of it is to stop.
            self.cancels.append(sequence)
        else:
            call.future._sent()
        return call.size

    def _add_pieces(self, frame: session_pb2.SessionRequest, size: int, now: float) -> None:
        while self._large and size < self.max_frame:
            call = self._large[0]
            if call.settled:
                if self._large_sent:
                    frame.chunks.add(sequence=self._large_upload, abandoned=True)
                self._forget_large(call)
                self.bytes_in_flight -= call.size
                continue
            if not self._large_sent:
                self._uploads += 1
                self._large_upload = self._uploads
            left = len(call.data) - self._large_sent
            room = self.max_frame - size
            if left + 160 <= room and self._large_sent:
                size += left + 160
                self._add(frame, call, now, call.data[self._large_sent:])
                self._forget_large(call)
                continue
            length = min(left - 1, room, _PIECE)
            frame.chunks.add(sequence=self._large_upload, offset=self._large_sent, data=call.data[self._large_sent:self._large_sent + length], total_bytes=len(call.data))
            self._large_sent += length
            size += length + 64

    def _forget_large(self, call: Call) -> None:
        self._large.popleft()
        self._large_sent = 0

    # ---- reading ---------------------------------------------------------------------------------------------

    def read_pieces(self, frame: session_pb2.SessionResponse) -> None:
        for piece in frame.chunks:
            if piece.abandoned:
                self._pieces.pop(piece.sequence, None)
                continue
            gathered = self._pieces.setdefault(piece.sequence, bytearray())
            if piece.offset != len(gathered) or len(self._pieces) > 16:
                raise ValueError(f"a piece of result {piece.sequence} begins at {piece.offset}; expected was one at {len(gathered)}")
            gathered += piece.data
            self._bytes_untold += len(piece.data)

    def whole(self, outcome: session_pb2.TaskOutcome) -> bytes:
        if outcome.total_bytes > len(outcome.data):
            gathered = self._pieces.pop(outcome.sequence, bytearray())
            gathered += outcome.data
            if len(gathered) != outcome.total_bytes:
                raise ValueError(f"result {outcome.sequence} ends after {len(gathered)} of {outcome.total_bytes} bytes")
            return bytes(gathered)
        return outcome.data

    def ended_task(self, sequence: int, service_us: int, result_bytes: int) -> Optional[Call]:
        call = self.in_flight.pop(sequence, None)
        if call is not None:
            self.bytes_in_flight -= call.size
            self.window.learn(service_us)
            self._bytes_untold += result_bytes
        return call

    def outcomes_read(self) -> None:
        self._outcome_frames += 1

    def _tells_by_itself(self) -> bool:
        return self.keeps_tasks and (self._outcome_frames - self._told >= _FRAMES_UNTOLD or (self._bytes_untold >= _BYTES_UNTOLD and self._outcome_frames != self._told))

    # ---- its end ---------------------------------------------------------------------------------------------

    def left_over(self) -> Tuple[List[Call], List[Call]]:
        """What was written and has no outcome, and what the host never had whole; each in its order."""
        written = [self.in_flight[sequence] for sequence in sorted(self.in_flight)]
        return written + list(self.again), list(self._large)


class Window:
    """How many tasks are sent ahead of their turn: what hides the way there and back, and no more.

    Of long tasks hardly any wait at the host, where they count as running; of short ones batches full.
    """

    # So much work lies ahead of each lane, in microseconds; and so many tasks at most. (Eight times the wish of a host doubles what
    # tasks that do nothing reach: larger frames cost every process on the way less.)
    _AHEAD_US = 20_000
    _AHEAD_TASKS = 500

    def __init__(self, lanes: Optional[int] = None) -> None:
        #: None: the host's own wish, because others have tasks there, and may change how many lanes it has.
        self._lanes = lanes
        self._service_us = 2_000.0

    def learn(self, service_us: int) -> None:
        self._service_us += (service_us - self._service_us) * 0.1

    def size(self, credit: int) -> int:
        if self._lanes is None:
            return credit
        return int(self._lanes * (1 + min(self._AHEAD_US / (self._service_us + 1), self._AHEAD_TASKS))) + 1


def _say(task: session_pb2.TaskSubmission, options) -> None:
    if options.id is not None:
        task.id = options.id
    if options.idempotent:
        task.idempotent = True
    if options.priority:
        task.priority = options.priority
    if options.max_attempts:
        task.max_attempts = options.max_attempts
    if options.affinity_key:
        task.affinity_key = options.affinity_key
    for name, value in options.headers.items():
        task.headers[name] = value
    if options.progress is not None:
        task.reports_progress = True
