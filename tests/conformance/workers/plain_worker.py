"""The conformance worker in plain grpcio: that of src/samples/workers, with the tasks of ../README.md that need no capability.

    plain_worker.py STUBS
"""

import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "src" / "samples" / "workers"))
# This file has the sample's name, and its folder comes first.
sys.path = [entry for entry in sys.path if pathlib.Path(entry or ".").resolve() != pathlib.Path(__file__).resolve().parent]

import plain_worker as sample  # noqa: E402

called = threading.local()


def say(path):
    if not path:
        return 0
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, f"{os.getpid()} {max(called.request.attempt, 1)}\n".encode())
    finally:
        os.close(file)
    return len(pathlib.Path(path).read_text().splitlines())


def fail(message, cause, path=""):
    say(path)
    raise RuntimeError(message)


def wait(ms, path=""):
    say(path)
    time.sleep(ms / 1000)
    return ms


def spin(ms, path=""):
    say(path)
    end = time.monotonic() + ms / 1000
    while time.monotonic() < end:
        pass
    return ms


def crash(times, path=""):
    lines = say(path)
    if not path or lines <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return lines


def leave(code, path=""):
    say(path)
    os._exit(code)


class TaskEndpoint(sample.TaskEndpoint):
    def Run(self, request, context):
        called.request = request
        return super().Run(request, context)


if __name__ == "__main__":
    sample.TASKS = {
        "echo": lambda value: value, "add": lambda a, b: a + b, "unicode-ñ-测试-🎈": lambda value: value, "large": lambda count: "x" * count, "record": say,
        "fail": fail, "sleep": wait, "stubborn": wait, "spin": spin, "crash": crash, "exit": leave}
    sample.TaskEndpoint = TaskEndpoint
    sys.exit(sample.main())
