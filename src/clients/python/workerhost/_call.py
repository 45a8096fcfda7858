"""One task between its caller and the wire, and the future that the caller has of it."""

from __future__ import annotations

import concurrent.futures
import threading
from concurrent.futures import _base
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._options import TaskOptions

if TYPE_CHECKING:
    from ._connection import Connection
    from ._session import Session
    from ._stream import ItemBuffer


class Call:
    """A task that was accepted. What changes is guarded by the lock of its connection."""

    __slots__ = ("future", "task", "content_type", "data", "options", "decode", "pickled", "number", "sequence", "deadline", "session", "size", "carried", "settled",
                 "stream", "__weakref__")

    def __init__(self, task: str, content_type: str, data: bytes, options: TaskOptions, decode: Callable[[str, bytes], Any], pickled: bool, future: "TaskFuture") -> None:
        self.future = future
        self.task = task
        self.content_type = content_type
        self.data = data
        self.options = options
        self.decode = decode
        #: It is a function of this program: exceptions come back as they were.
        self.pickled = pickled
        #: The client's number for it, which stays the same over sessions.
        self.number = 0
        #: Its number in `session`; 0: it is not written there.
        self.sequence = 0
        #: By time.monotonic(); 0: none.
        self.deadline = 0.0
        self.session: Optional["Session"] = None
        self.size = len(data) + 160
        #: It was written in an earlier session, and may have run there.
        self.carried = False
        #: Its future has ended; what is still to come of it is nobody's.
        self.settled = False
        self.stream: Optional["ItemBuffer"] = None


class TaskFuture(concurrent.futures.Future):
    """A concurrent.futures.Future whose `cancel()` also stops a task that runs.

    A running task is first told (in Python code it meets an exception), and after the pool's grace its worker is ended. The
    future is cancelled at once; the executor's `shutdown(wait=True)` waits for what still runs.
    """

    _connection: Optional["Connection"] = None
    _call: Optional[Call] = None

    def cancel(self) -> bool:
        """False: it has ended already, in another way. True: it is cancelled, and does not run any more, or is being stopped."""
        with self._condition:
            if self._state in (_base.CANCELLED, _base.CANCELLED_AND_NOTIFIED):
                return True
            if self._state == _base.FINISHED:
                return False
            self._end_cancelled()
        self._invoke_callbacks()
        connection, call = self._connection, self._call
        if connection is not None and call is not None:
            connection.cancel(call)
        return True

    def _end_cancelled(self) -> None:
        self._state = _base.CANCELLED_AND_NOTIFIED
        for waiter in self._waiters:
            waiter.add_cancelled(self)
        self._condition.notify_all()

    def _sent(self) -> None:
        with self._condition:
            if self._state == _base.PENDING:
                self._state = _base.RUNNING

    def _end(self, result: Any, exception: Optional[BaseException]) -> None:
        """Ends it, unless it has been cancelled meanwhile."""
        with self._condition:
            if self._state not in (_base.PENDING, _base.RUNNING):
                return
            self._result, self._exception = result, exception
            self._state = _base.FINISHED
            # Its arguments may be large.
            self._call = None
            for waiter in self._waiters:
                if exception is None:
                    waiter.add_result(self)
                else:
                    waiter.add_exception(self)
            self._condition.notify_all()
        self._tell()

    def _end_stopped(self) -> None:
        """Somebody else than its caller has cancelled it."""
        with self._condition:
            if self._state not in (_base.PENDING, _base.RUNNING):
                return
            self._end_cancelled()
        self._tell()

    def _end_in_fork(self, error: BaseException) -> None:
        self._condition = threading.Condition()
        if self._state in (_base.PENDING, _base.RUNNING):
            self._exception, self._state = error, _base.FINISHED

    def _tell(self) -> None:
        # The thread that tells is needed by every other task, so that it heeds no exit either.
        for callback in self._done_callbacks:
            try:
                callback(self)
            except BaseException:
                _base.LOGGER.exception("exception calling callback for %r", self)
