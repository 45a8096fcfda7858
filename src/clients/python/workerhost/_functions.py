"""Functions of this program as tasks: how they travel, and what runs beside them in the worker."""

from __future__ import annotations

import multiprocessing.process
import pickle
import sys
from typing import Any, Callable, List, Optional, Tuple

from ._failures import PICKLE, TASK
from .errors import BadInput


def pickled_call(function: Callable[..., Any], args: Tuple[Any, ...], kwargs: dict) -> bytes:
    """The payload of a call; raises BadInput with what to do."""
    try:
        return pickle.dumps((function, args, kwargs), protocol=5)
    except Exception as error:
        raise BadInput(_why_not(function, args, kwargs, error)) from error


def unpickled_result(content_type: str, data: bytes) -> Any:
    if content_type != PICKLE:
        raise BadInput(f"a Python function was answered with {content_type or 'application/json'}; expected was {PICKLE}. Is the worker one of this package?")
    return pickle.loads(data)


def call_chunk(function: Callable[..., Any], chunk: List[Tuple[Any, ...]]) -> List[Any]:
    """Runs in the worker: several calls of `map` as one task."""
    return [function(*args) for args in chunk]


def initialize(authkey: bytes, initializer: Optional[Callable[..., object]], initargs: Tuple[Any, ...]) -> None:
    """Runs in the worker before its first task. With the program's key its managers of multiprocessing can be spoken to."""
    multiprocessing.process.current_process().authkey = authkey  # type: ignore[assignment]
    if initializer is not None:
        initializer(*initargs)


def let_main_be_found() -> None:
    """In workers `__main__` is `__mp_main__`, as multiprocessing has it: what they send back of its classes is found here."""
    sys.modules.setdefault("__mp_main__", sys.modules["__main__"])


def _why_not(function: Callable[..., Any], args: Tuple[Any, ...], kwargs: dict, error: Exception) -> str:
    name = getattr(function, "__qualname__", repr(function))
    try:
        pickle.dumps(function, protocol=5)
    except Exception:
        hint = "a lambda" if "<lambda>" in name else "local to another function" if "<locals>" in name else "not found by its module and name"
        return (f"{name} cannot be sent to another process: it is {hint} ({error}). Make it a function at the top level of a module, "
                "or use workerhost.ThreadPoolExecutor, whose threads run whatever can be called")
    for what, value in [*((f"argument {i + 1}", arg) for i, arg in enumerate(args)), *((f"argument {key}", value) for key, value in kwargs.items())]:
        try:
            pickle.dumps(value, protocol=5)
        except Exception as its:
            return (f"{what} of {name}, a {type(value).__name__}, cannot be sent to another process: {its}. Pass what it is made of (a path instead of an open file) "
                    "and make it in the worker, in the function or in the initializer")
    return f"the call of {name} cannot be sent to another process: {error}"
