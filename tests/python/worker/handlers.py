"""The tasks of the worker under test."""

import asyncio
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import Optional

from google.protobuf import duration_pb2

from workerhost import worker


@worker.task("add")
def add(a: int, b: int, *, context: worker.Context = None):
    return a + b


@worker.task
def echo(value):
    return value


@worker.task("bytes")
def reverse(data: bytes):
    return data[::-1]


@worker.task("message")
def twice(duration: duration_pb2.Duration):
    return duration_pb2.Duration(seconds=2 * duration.seconds)


@dataclass
class Point:
    x: int
    y: int


@worker.task("point")
def mirror(point: Point):
    return Point(point.y, point.x)


@worker.task("optional")
def optional(a: int, b: Optional[int] = 5, *more):
    return [a, b, *more]


@worker.task("info")
def info(context: worker.Context):
    return {"id": context.id, "task": context.task, "attempt": context.attempt, "worker": context.worker, "headers": dict(context.headers),
            "limited": context.time_remaining is not None, "pid": os.getpid(), "same": worker.current() is context}


@worker.task("main-thread")
def main_thread():
    return threading.current_thread() is threading.main_thread()


@worker.task("fail")
def fail(message):
    try:
        raise KeyError("behind")
    except KeyError as cause:
        raise ValueError(message) from cause


@worker.task("fail-retryable")
def fail_retryable():
    raise worker.Retryable("come again", retry_after=1.5)


@worker.task("unwritable")
def unwritable():
    return {1, 2}


@worker.task("large")
def large(size: int):
    return "x" * size


@worker.task("async-add")
async def async_add(a, b):
    await asyncio.sleep(0)
    return a + b


@worker.task("sleep")
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@worker.task("async-sleep")
async def async_sleep(seconds, path):
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.sleep(0.4)
        append(path, "left")


@worker.task("async-blocked")
async def async_blocked(path):
    append(path, "began")
    while True:
        pass


@worker.task("minding")
def minding(path, context: worker.Context):
    append(path, "began")
    context.cancelled.wait(600)
    append(path, "heard")
    raise ValueError("interrupted in its own way")


@worker.task("spinning")
def spinning(path):
    try:
        append(path, "began")
        while True:
            pass
    finally:
        append(path, "left")


@worker.task("stubborn", interrupt=False)
def stubborn(seconds, path):
    append(path, "began")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return "to the end"


@worker.task("native")
def native(path):
    """Native code that never comes back to Python, and holds the interpreter's lock."""
    append(path, "began")
    return sum(range(10**13))


@worker.task("count")
def count(n, path=""):
    try:
        for i in range(n):
            if path:
                append(path, str(i))
            yield i
    finally:
        if path:
            append(path, "left")


@worker.task("async-count")
async def async_count(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i


@worker.task("progress")
def progress(n, context: worker.Context):
    for i in range(1, n + 1):
        context.report(i / n, f"step {i}")
    return n


@worker.task("exit")
def leave(code):
    os._exit(code)


@worker.task("kill")
def kill():
    os.kill(os.getpid(), signal.SIGKILL)


@worker.task("stdin")
def stdin():
    return sys.stdin.read()


def append(path, line):
    with open(path, "a") as file:
        file.write(line + "\n")
