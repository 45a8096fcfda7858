"""Named tasks on a host, written in any language."""

from __future__ import annotations

import weakref
from typing import Any, Iterable, Iterator, Optional, Tuple, Union

import grpc

from . import _payload, _shutdown
from ._call import Call, TaskFuture
from ._connection import Connection
from ._mapping import map_over
from ._options import PLAIN, TaskOptions
from ._stream import ItemBuffer, TaskStream
from ._wire import Target
from .errors import BadInput


def connect(address: str, *, token: Optional[str] = None, tls: Union[None, bool, grpc.ChannelCredentials] = None, pool: str = "", timeout: float = 3.0) -> "Client":
    """Connects to a host (`workerhost serve`): its data plane at "unix:///path", "host:port", "http://host:port" or "https://host:port".

    `token` is what the host's tokenFile has; `tls` True for the system's authorities, or grpc's channel credentials; `pool` which pool of
    the host, empty where it has one. For `timeout` seconds it is tried again when nobody answers. Raises HostUnavailable,
    HostRefused (token, pool), VersionMismatch, BadInput (the address).
    """
    target = Target.of(address, token, tls)
    connection = Connection(lambda: target, pool)
    try:
        connection.wait_until_open(timeout)
    except BaseException:
        connection.abort()
        raise
    return Client(connection, PLAIN)


def _leave(connection: Connection) -> None:
    # What still runs is told to stop; nobody is there to hear how that ends.
    connection.abort(wait=0.5)


class Client:
    """Submits tasks by name. Thread-safe. Use it in a `with` block, or `close()` it.

    Arguments travel as JSON, by position; one bytes object as bytes; one protobuf message as that. Connections that break are
    opened again, and tasks go on meanwhile.
    """

    def __init__(self, connection: Connection, options: TaskOptions, owner: Optional["Client"] = None) -> None:
        self._connection = connection
        self._options = options
        # Clients of other options end with this one, and keep it alive.
        self._owner = owner
        if owner is None:
            _shutdown.at_exit(connection, _leave)
            self._finalizer = weakref.finalize(self, connection.close, False)

    def submit(self, task: str, /, *args: Any, **kwargs: Any) -> "TaskFuture":
        """Submits a task and returns its future at once. Raises BadInput where the arguments cannot be sent, RuntimeError after `close()`."""
        call = self._call(task, args, kwargs)
        self._connection.submit(call)
        return call.future

    def map(self, task: str, /, *iterables: Iterable[Any], timeout: Optional[float] = None, chunksize: int = 1, buffersize: Optional[int] = None) -> Iterator[Any]:
        """As the built-in map: results in order. `timeout` in seconds for all of it, from now; `buffersize`: at most so many tasks are ahead of the loop.

        `chunksize` is there for likeness: tasks are sent in batches by themselves.
        """
        return map_over(lambda args: self.submit(task, *args), iterables, timeout, buffersize)

    def stream(self, task: str, /, *args: Any, buffer: int = 1000, **kwargs: Any) -> "TaskStream[Any]":
        """The items of a task that yields them, one by one while it runs. At most `buffer` of them, and 1 MiB, are ahead of the loop."""
        if buffer < 1:
            raise BadInput(f"buffer is {buffer!r}; allowed: 1 or more")
        call = self._call(task, args, kwargs)
        call.decode, decode = (lambda *_: None), call.decode
        call.stream = ItemBuffer(buffer, decode)
        stream: TaskStream[Any] = TaskStream(self._connection, call.future, call.stream)
        self._connection.submit(call)
        return stream

    def options(self, **options: Any) -> "Client":
        """The same client with other options for its tasks: timeout, idempotent, priority, max_attempts, affinity_key, id, headers, result, progress."""
        return Client(self._connection, self._options.with_(**options), self._owner or self)

    def tasks(self, timeout: float = 10.0) -> "Tuple[str, ...]":
        """The names that can be submitted now, as the host's workers tell them. Asks the host; raises HostUnavailable or HostRefused."""
        return self._connection.describe(timeout)

    def close(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more tasks, and with `wait` returns when those that were accepted have ended. `cancel_futures`: those that have not been sent are cancelled."""
        self._connection.close(wait, cancel_futures)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        if exc_type is not None and issubclass(exc_type, KeyboardInterrupt):
            # Whoever presses Ctrl-C does not want to wait for the rest.
            self._connection.abort()
        self.close()

    def _call(self, task: str, args: "tuple[Any, ...]", kwargs: dict) -> Call:
        if not isinstance(task, str) or not task or len(task) > 1024:
            raise BadInput(f"the task is {task!r}; allowed: the name of a task, 1 to 1024 characters (functions: workerhost.ProcessPoolExecutor)")
        content_type, data = _payload.of_arguments(task, args, kwargs)
        result_class = self._options.result
        return Call(task, content_type, data, self._options, lambda kind, got: _payload.result_of(kind, got, result_class), False, TaskFuture())
