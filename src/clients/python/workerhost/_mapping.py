"""`map` for everything that submits."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Callable, Deque, Iterable, Iterator, Optional, Sequence, Tuple

from ._call import TaskFuture


def map_over(submit: Callable[[Tuple[Any, ...]], TaskFuture], iterables: Sequence[Iterable[Any]], timeout: Optional[float], buffersize: Optional[int]) -> Iterator[Any]:
    """Submits at once: all, or the first `buffersize`, and one more for each result that is taken."""
    if buffersize is not None:
        if not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
    end = None if timeout is None else time.monotonic() + timeout
    arguments = zip(*iterables)
    futures: Deque[TaskFuture] = deque()
    for args in arguments:
        futures.append(submit(args))
        if buffersize is not None and len(futures) == buffersize:
            break
    return _results(submit, arguments if buffersize is not None else iter(()), futures, end)


def _results(submit, rest, futures, end) -> Iterator[Any]:
    # The frame is not to keep a future that it has given away: its result may be large.
    try:
        while futures:
            result = _result_of(futures[0], end)
            futures.popleft()
            for args in rest:
                futures.append(submit(args))
                break
            yield _only(result)
    finally:
        for future in futures:
            future.cancel()


def _only(box):
    return box.pop()


def _result_of(future: TaskFuture, end: Optional[float]):
    return [future.result(None if end is None else max(0.0, end - time.monotonic()))]
