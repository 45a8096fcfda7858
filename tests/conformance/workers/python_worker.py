"""The conformance worker of the Python SDK; what each task does is said in ../README.md."""

import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "src" / "clients" / "python"))

from workerhost import worker  # noqa: E402


def say(path, line=None):
    """That it runs, where, and which attempt it is. Answers how many lines there are."""
    if not path:
        return 0
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, (line or f"{os.getpid()} {worker.current().attempt}").encode() + b"\n")
    finally:
        os.close(file)
    return len(pathlib.Path(path).read_text().splitlines())


@worker.task("echo")
@worker.task("unicode-ñ-测试-🎈")
def echo(value):
    return value


@worker.task("add")
def add(a: int, b: int):
    return a + b


@worker.task("echo-bytes")
def echo_bytes(data: bytes):
    return data


@worker.task("large")
def large(count: int):
    return "x" * count


@worker.task("info")
def info(context: worker.Context, path: str = ""):
    say(path)
    return {"id": context.id, "attempt": context.attempt, "pid": os.getpid(), "headers": dict(context.headers)}


@worker.task("record")
def record(path: str):
    return say(path)


@worker.task("fail")
def fail(message: str, cause: str, path: str = ""):
    say(path)
    try:
        raise ValueError(cause)
    except ValueError as behind:
        raise RuntimeError(message) from behind


@worker.task("fail-retryable")
def fail_retryable(message: str, times: int, path: str = ""):
    lines = say(path)
    if not path or lines <= times:
        raise worker.Retryable(message)
    return lines


@worker.task("sleep")
def sleep(ms: int, context: worker.Context, path: str = ""):
    say(path)
    context.cancelled.wait(ms / 1000)
    context.raise_if_cancelled()
    return ms


@worker.task("stubborn", interrupt=False)
def stubborn(ms: int, path: str = ""):
    say(path)
    time.sleep(ms / 1000)
    return ms


@worker.task("spin")
def spin(ms: int, path: str = ""):
    say(path)
    end = time.monotonic() + ms / 1000
    while time.monotonic() < end:
        pass
    return ms


@worker.task("crash")
def crash(times: int, path: str = ""):
    lines = say(path)
    if not path or lines <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return lines


@worker.task("exit")
def leave(code: int, path: str = ""):
    say(path)
    os._exit(code)


@worker.task("count")
def count(n: int, path: str = ""):
    say(path)
    try:
        yield from range(n)
    finally:
        say(path, "left")


@worker.task("count-then-fail")
def count_then_fail(n: int, message: str):
    yield from range(n)
    raise RuntimeError(message)


@worker.task("progress")
def progress(n: int, context: worker.Context):
    for step in range(1, n + 1):
        context.report(step / n, f"step {step}")
    return n


if __name__ == "__main__":
    worker.run()
