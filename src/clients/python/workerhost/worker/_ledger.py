"""The page of memory that a worker shares with its supervisor; what stands where is said in LedgerLayout.cs."""

import ctypes
import mmap
import os
import sys
import threading

_MAGIC = 0x31524744454C4857
_MAGIC_AT, _LANE_COUNT_AT, _INCARNATION_AT, _STAGE_AT, _FINISHED_AT, _TRACKS_AT = 0x00, 0x08, 0x10, 0x20, 0x28, 0x40
_TRACK_COUNT, _TRACK_SIZE, _LANE_SIZE = 16, 16, 32
_LANES_AT = _TRACKS_AT + _TRACK_COUNT * _TRACK_SIZE
_IDLE, _RUNNING, _FINISHED = 0, 1, 2

PROCESS_STARTED, LISTENING, WARMED_UP, READY, DRAINING, INITIALIZING, INITIALIZED = 1, 2, 3, 4, 5, 6, 7


class Ledger:
    """Marks are single stores of whole numbers into mapped memory: what was stored before kill -9 is there.

    `start` is called in the order of the sequences, under the lane queue's lock; everything else by any thread.

    No heartbeat is written. A thread that beats needs the interpreter's lock, and native code may hold that for as long as it
    likes (`sum(range(10**10))`): such a worker would be taken for hung. Without beats the supervisor asks the health service, and a
    silence counts only while no task runs.
    """

    def __init__(self, page, lanes):
        self._u64 = (ctypes.c_uint64 * (len(page) // 8)).from_buffer(page)
        self._u32 = (ctypes.c_uint32 * (len(page) // 4)).from_buffer(page)
        self._lanes = lanes
        self._finished = 0
        self._lock = threading.Lock()
        self._closed = []

    @classmethod
    def open(cls, path, incarnation, concurrency):
        """None, and a word on stderr, where it cannot be used: the worker then works without."""
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                page = mmap.mmap(file, 0)
            finally:
                os.close(file)
            u64 = (ctypes.c_uint64 * (len(page) // 8)).from_buffer(page)
            lanes = u64[_LANE_COUNT_AT // 8] & 0xFFFFFFFF
            if u64[_MAGIC_AT // 8] != _MAGIC or u64[_INCARNATION_AT // 8] != incarnation % 2**64 or len(page) < _LANES_AT + lanes * _LANE_SIZE:
                raise ValueError(f"it is not the ledger of incarnation {incarnation}")
            if lanes < concurrency:
                raise ValueError(f"it has room for {lanes} lanes and {concurrency} are asked for")
            return cls(page, lanes)
        except (OSError, ValueError, IndexError) as error:
            print(f"working without the ledger {path}: {error}", file=sys.stderr)
            return None

    def stage(self, stage):
        self._u32[_STAGE_AT // 4] = stage

    def open_track(self, session_key):
        """A place for the start marks of a session; -1 when all are taken."""
        with self._lock:
            track = next((i for i in range(_TRACK_COUNT) if self._u64[self._track(i)] == 0), -1)
            # A closed session's marks stay readable for as long as possible: whoever had it may still ask.
            if track < 0 and self._closed:
                track = self._closed.pop(0)
            if track >= 0:
                at = self._track(track)
                self._u64[at] = 0
                self._u64[at + 1] = 0
                self._u64[at] = session_key
            return track

    def close_track(self, track):
        if track >= 0:
            with self._lock:
                self._closed.append(track)

    def start(self, lane, track, session_key, sequence):
        """Before user code runs. The order of the stores is what makes a death in between readable."""
        row = (_LANES_AT + lane * _LANE_SIZE) // 8
        self._u32[row * 2 + 4] = _IDLE
        self._u64[row] = session_key
        self._u64[row + 1] = sequence
        self._u32[row * 2 + 4] = _RUNNING
        if track >= 0:
            at = self._track(track) + 1
            if self._u64[at] < sequence:
                self._u64[at] = sequence

    def finish(self, lane):
        """After user code returned or threw, before the outcome is written."""
        self._u32[(_LANES_AT + lane * _LANE_SIZE) // 4 + 4] = _FINISHED
        with self._lock:
            self._finished += 1
            self._u64[_FINISHED_AT // 8] = self._finished

    @staticmethod
    def _track(number):
        return (_TRACKS_AT + number * _TRACK_SIZE) // 8
