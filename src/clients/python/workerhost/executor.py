"""concurrent.futures.Executor over a host: functions of this program, and named tasks."""

from __future__ import annotations

import concurrent.futures
import itertools
import weakref
from typing import Any, Callable, Iterable, Iterator, Optional, Union

from . import _functions, _payload, _shutdown
from ._call import Call, TaskFuture
from ._connection import Connection
from ._failures import PICKLE
from ._mapping import map_over
from ._options import PLAIN, TaskOptions
from ._wire import Target
from .errors import BadInput

Task = Union[str, Callable[..., Any]]


class Executor(concurrent.futures.Executor):
    """Runs tasks on a host (`workerhost serve`) as `concurrent.futures` would: named ones anywhere, functions where its workers were started for them.

    `address`, `token`, `tls`, `pool` and `timeout` are those of `workerhost.connect`. Its futures are `concurrent.futures.Future`, so that
    `as_completed`, `wait` and `asyncio.wrap_future` take them. Unlike a standard pool it is not broken by a worker that dies: the task
    that ran there ends with WorkerLost, or is tried again where the option `idempotent` is set. Thread-safe.

    Arguments of functions are pickled. Workers take that only if they were started for it by their own program, as
    `ProcessPoolExecutor` does; a host of others answers UnknownTask.
    """

    _connection: Connection
    _options: TaskOptions
    _owner: "Optional[Executor]"

    def __init__(self, address: str, *, token: Optional[str] = None, tls: Any = None, pool: str = "", timeout: float = 3.0) -> None:
        target = Target.of(address, token, tls)
        connection = Connection(lambda: target, pool)
        try:
            connection.wait_until_open(timeout)
        except BaseException:
            connection.abort()
            raise
        self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        _functions.let_main_be_found()
        self._connection, self._options, self._owner = connection, PLAIN, None
        # As the standard ones do: what was submitted is finished before the program ends.
        _shutdown.at_exit(connection, _finish)
        self._finalizer = weakref.finalize(self, connection.close, False)
        self._finalizer.atexit = False

    def submit(self, fn: Task, /, *args: Any, **kwargs: Any) -> "TaskFuture":
        """Schedules `fn(*args, **kwargs)`, or the task that is named, and returns its future at once.

        What cannot be sent (a lambda, an open file) is the future's exception, BadInput. Raises RuntimeError after `shutdown()`.
        """
        future = TaskFuture()
        try:
            call = self._call(fn, args, kwargs, future)
        except BadInput as error:
            future.set_exception(error)
            return future
        self._connection.submit(call)
        return future

    def map(self, fn: Task, *iterables: Iterable[Any], timeout: Optional[float] = None, chunksize: int = 1, buffersize: Optional[int] = None) -> Iterator[Any]:  # type: ignore[override]
        """As the built-in map, in order. `timeout` in seconds for all of it, from now. `chunksize`: so many calls are one task.

        `buffersize`: at most so many tasks are ahead of the loop, and the iterables are read no further; None: all are submitted at once.
        """
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        if chunksize == 1 or isinstance(fn, str):
            return map_over(lambda args: self.submit(fn, *args), iterables, timeout, buffersize)
        chunks = _chunks(zip(*iterables), chunksize)
        return itertools.chain.from_iterable(map_over(lambda args: self.submit(_functions.call_chunk, fn, *args), [chunks], timeout, buffersize))

    def options(self, **options: Any) -> "Executor":
        """The same executor with other options for its tasks: timeout, idempotent, priority, max_attempts, affinity_key, id, headers, progress."""
        other: Executor = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = self._options.with_(**options)
        other._owner = self._owner or self
        return other

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes nothing more. With `wait` returns when what was accepted has ended. `cancel_futures`: what has not begun is cancelled."""
        self._connection.close(wait, cancel_futures)

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> Optional[bool]:
        if exc_type is not None and issubclass(exc_type, KeyboardInterrupt):
            # Whoever presses Ctrl-C does not want to wait for the rest.
            self._connection.abort()
        self.shutdown(wait=True)
        return False

    def _call(self, fn: Task, args: "tuple[Any, ...]", kwargs: dict, future: "TaskFuture") -> Call:
        options = self._options
        if isinstance(fn, str):
            content_type, data = _payload.of_arguments(fn, args, kwargs)
            result_class = options.result
            return Call(fn, content_type, data, options, lambda kind, got: _payload.result_of(kind, got, result_class), False, future)
        return Call(_functions.TASK, PICKLE, _functions.pickled_call(fn, args, kwargs), options, _functions.unpickled_result, True, future)


def _finish(connection: Connection) -> None:
    connection.close(True)


def _chunks(arguments: Iterator[Any], size: int) -> Iterator[Any]:
    while chunk := list(itertools.islice(arguments, size)):
        yield chunk
