"""Time limits and graces: one thread that sleeps until the next."""

import heapq
import itertools
import threading
import time


class Timers:
    """Calls back at points of `time.monotonic()`. The thread starts with the first timer. Thread-safe."""

    def __init__(self):
        self._condition = threading.Condition()
        self._heap = []
        self._numbers = itertools.count()
        self._dropped = 0
        self._runs = False

    def at(self, when, call):
        """What `cancel` takes."""
        timer = [when, next(self._numbers), call]
        with self._condition:
            heapq.heappush(self._heap, timer)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name="workerhost timers", daemon=True).start()
            elif self._heap[0] is timer:
                self._condition.notify()
        return timer

    def cancel(self, timer):
        with self._condition:
            if timer[2] is None:
                return
            timer[2] = None
            self._dropped += 1
            if self._dropped > 64 and self._dropped > len(self._heap) // 2:
                self._heap = [kept for kept in self._heap if kept[2] is not None]
                heapq.heapify(self._heap)
                self._dropped = 0

    def _run(self):
        while True:
            with self._condition:
                while not self._heap or self._heap[0][0] > time.monotonic():
                    self._condition.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                timer = heapq.heappop(self._heap)
                call, timer[2] = timer[2], None
                if call is None:
                    self._dropped = max(self._dropped - 1, 0)
            if call is not None:
                call()
