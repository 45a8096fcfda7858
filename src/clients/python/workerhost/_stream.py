"""Items of a task that yields them, on their way from the session to a loop."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Deque, Generic, Iterator, Optional, Tuple, TypeVar

if TYPE_CHECKING:
    from ._call import TaskFuture
    from ._connection import Connection

T = TypeVar("T")

# What may be ahead of the loop, in bytes of items.
_BYTES = 1 << 20


class ItemBuffer:
    """Between the reader of the session and the loop. Whoever takes slowly slows the task down: room is given for what was taken."""

    def __init__(self, items: int, decode) -> None:
        self._most = items
        self._decode = decode
        self._items: Deque[Tuple[Any, int]] = deque()
        self._changed = threading.Condition()
        self._over = False
        self._part = bytearray()
        self._freed_items = 0
        self._freed_bytes = 0
        #: Called when there is something to take.
        self.changed: Optional[Callable[[], object]] = None
        #: An item has come: an attempt after that would yield it twice.
        self.has_items = False

    def room(self) -> Tuple[int, int]:
        return self._most, _BYTES

    def put(self, content_type: str, data: bytes, more: bool) -> None:
        self.has_items = True
        if more or self._part:
            self._part += data
            if more:
                return
            data = bytes(self._part)
            self._part.clear()
        item = self._decode(content_type, data)
        with self._changed:
            self._items.append((item, len(data)))
            self._changed.notify()
        self._tell()

    def end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._tell()

    def end_in_fork(self) -> None:
        self._changed = threading.Condition()
        self._over = True

    def _tell(self) -> None:
        changed = self.changed
        if changed is not None:
            changed()

    @property
    def is_empty(self) -> bool:
        """Nothing can be taken now, but something may come."""
        with self._changed:
            return not self._items and not self._over

    def take(self) -> Optional[Tuple[Any, int, int]]:
        """The next item and what room has become free since it was last told (0, 0: not worth a word); None: there are no more."""
        with self._changed:
            while not self._items:
                if self._over:
                    return None
                self._changed.wait()
            item, size = self._items.popleft()
            self._freed_items += 1
            self._freed_bytes += size
            if self._items and self._freed_items * 2 < self._most and self._freed_bytes * 4 < _BYTES:
                return item, 0, 0
            freed = item, self._freed_items, self._freed_bytes
            self._freed_items = self._freed_bytes = 0
            return freed


class TaskStream(Generic[T]):
    """The items of one task, in order, while it runs. One loop can have them; leaving it early stops the task.

    A failure comes after the items before it, as the exception of the loop. `future` ends when the task does.
    """

    def __init__(self, connection: "Connection", future: "TaskFuture", buffer: ItemBuffer) -> None:
        self._connection = connection
        #: For whoever cannot wait in a thread.
        self.buffer = buffer
        self._taken = False
        #: Ends with None when every item has come, or with the task's failure.
        self.future: "TaskFuture" = future
        future.add_done_callback(lambda _: buffer.end())

    def __iter__(self) -> Iterator[T]:
        if self._taken:
            raise RuntimeError("the items of this stream are another loop's already; each comes once")
        self._taken = True
        return self._loop()

    def cancel(self) -> bool:
        """Stops the task, running or not. False: it has ended."""
        return self.future.cancel()

    def take_now(self) -> Optional[Tuple[T, ...]]:
        """One item; an empty tuple: there are no more; None: none now."""
        if self.buffer.is_empty:
            return None
        taken = self.buffer.take()
        if taken is None:
            return ()
        item, items, size = taken
        if items:
            self._connection.grant(self.future, items, size)
        return (item,)

    def _loop(self) -> Iterator[T]:
        try:
            while True:
                taken = self.buffer.take()
                if taken is None:
                    break
                item, items, size = taken
                if items:
                    self._connection.grant(self.future, items, size)
                yield item
            self.future.result()
        finally:
            self.future.cancel()
