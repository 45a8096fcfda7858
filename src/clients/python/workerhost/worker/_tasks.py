"""The tasks of a worker by name: an allow-list, filled by @worker.task before the worker serves."""

import inspect
from typing import Callable, Optional

from ._arguments import Arguments, write
from ._failures import MAX_NAME


class Task:
    """A registered task: how its payload becomes a call."""

    __slots__ = ("name", "call", "arguments", "content_types", "yields_items", "is_async", "interrupt")

    def __init__(self, name, call, interrupt=True):
        self.name = name
        self.call = call
        self.arguments = Arguments(name, call)
        self.content_types = self.arguments.content_types
        self.yields_items = inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call)
        self.is_async = inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
        self.interrupt = interrupt

    def bind(self, run):
        """A function without arguments that calls the handler. Raises BadInput."""
        return self.arguments.bind(run, self.call)

    def write(self, result):
        """(bytes, content type). Raises ResultNotWritable."""
        return write(result)

    def native(self, error):
        """Content type and bytes of an exception in Python's own form; None: only its texts travel."""
        return None


class Tasks:
    def __init__(self):
        self._by_name = {}
        self.closed = False

    def add(self, task):
        if self.closed:
            raise RuntimeError(f'task "{task.name}" must be registered before the worker serves')
        if task.name in self._by_name:
            raise ValueError(f'a task named "{task.name}" is already registered')
        self._by_name[task.name] = task

    def find(self, name):
        return self._by_name.get(name)

    @property
    def names(self):
        return list(self._by_name)

    def __iter__(self):
        return iter(self._by_name.values())


#: Of this process.
tasks = Tasks()


def task(name: Optional[str] = None, *, interrupt: bool = True) -> Callable:
    """Registers a function as a task; the function itself is unchanged.

        @worker.task("add")
        def add(a: int, b: int):
            return a + b

    Without a name it has the function's own. It is called with the elements of the caller's JSON array by position; one whose only parameter is annotated
    `bytes` takes bytes, one with a protobuf message that message. What it returns travels as JSON, bytes or protobuf by its type. A generator yields items. Functions
    and generators may be `async`: they run in an event loop of their lane.

    `interrupt=False`: `Cancelled` is never raised into it; it has to mind `Context.cancelled`, or it loses its process after the graces of its pool.

    Raises ValueError for a name that is taken, empty or longer than 1024 characters, TypeError for what cannot be called with JSON.
    """
    if callable(name):
        return task()(name)

    def register(function):
        if not callable(function):
            raise TypeError(f"{function!r} is not a function")
        chosen = name if name is not None else function.__name__
        if not chosen.strip() or len(chosen) > MAX_NAME:
            raise ValueError(f"a task's name has 1 to {MAX_NAME} characters; this one has {len(chosen)}")
        tasks.add(Task(chosen, function, interrupt))
        return function

    return register
