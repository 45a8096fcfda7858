"""What is to be done at a time: one thread for a connection, there from the first time limit on."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import Callable, List, Optional, Tuple


class Timers:
    """Thread-safe. Actions are short, and run on the thread of the timers."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: List[Tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._thread: Optional[threading.Thread] = None
        self._closed = False

    def at(self, when: float, action: Callable[[], None]) -> None:
        """By time.monotonic()."""
        with self._changed:
            if self._closed:
                return
            heapq.heappush(self._due, (when, next(self._order), action))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="workerhost-timers", daemon=True)
                self._thread.start()
            if self._due[0][0] == when:
                self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    self._changed.wait(None if not self._due else self._due[0][0] - time.monotonic())
                if self._closed:
                    return
                action = heapq.heappop(self._due)[2]
            try:
                action()
            except Exception:
                logging.getLogger("workerhost").exception("a timer failed")
