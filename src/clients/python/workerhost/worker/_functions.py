"""Functions of the program that started this worker, by pickle: the task `python.call`.

Whoever can submit it can run anything, so it is there only with --functions, which a program gives to the workers of its own private host.
"""

import ctypes
import json
import multiprocessing.process
import multiprocessing.spawn
import os
import pickle
import re
import sys

from ._errors import BadInput
from ._failures import MAX_NATIVE_BYTES, text_of
from ._launch import LaunchError
from ._tasks import Task, tasks

TASK = "python.call"
PICKLE = "application/x-python-pickle"

_PIDFD_GETFD = 438


def register():
    """Prepares this process as multiprocessing's "spawn" does, and takes calls from then on."""
    # What the supervisor quotes in its report, when this process cannot begin; the program's own stderr has it whole.
    report = os.dup(2)
    try:
        _prepare()
    except BaseException as error:
        os.write(report, f"{type(error).__name__}: {text_of(error)}\n".encode(errors="backslashreplace"))
        raise
    finally:
        os.close(report)
    tasks.add(_Call())


def _prepare():
    for number, name in ((1, "WORKERHOST_PYTHON_STDOUT"), (2, "WORKERHOST_PYTHON_STDERR")):
        _share(os.environ.pop(name, None), number)
    main = os.environ.pop("WORKERHOST_PYTHON_MAIN", None)
    if main:
        # A main module that starts processes while it is imported is told so, as by multiprocessing.
        process = multiprocessing.process.current_process()
        process._inheriting = True
        try:
            multiprocessing.spawn.prepare(json.loads(main))
        finally:
            del process._inheriting
    _initialize(os.environ.pop("WORKERHOST_PYTHON_INIT", None))


def _initialize(path):
    if not path:
        return
    with open(path, "rb") as file:
        content = file.read()
    try:
        initializer, arguments = pickle.loads(content)
    except Exception as error:
        raise LaunchError(f"the initializer could not be read: {type(error).__name__}: {error}") from error
    if initializer is None:
        return
    try:
        initializer(*arguments)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        raise LaunchError(f"the initializer failed: {type(error).__name__}: {text_of(error)}") from None


class _Call(Task):
    """The payload is the pickle of (function, arguments, keyword arguments)."""

    __slots__ = ()

    def __init__(self):
        super().__init__(TASK, lambda payload: None)
        self.content_types = [PICKLE]

    def bind(self, run):
        if run.content_type != PICKLE:
            raise BadInput(f'task "{TASK}" does not take content type "{run.content_type[:200]}"; it takes {PICKLE}')
        try:
            function, arguments, keywords = pickle.loads(run.payload)
        except Exception as error:
            raise BadInput(
                f"the function or an argument was not found in the worker: {type(error).__name__}: {text_of(error)}. It must be at the top level of a module that the worker "
                "can import, or of the program's own file (outside of `if __name__ == \"__main__\":`)") from error

        def call():
            try:
                return function(*arguments, **keywords)
            finally:
                for stream in (sys.stdout, sys.stderr):
                    if stream is not None and not stream.closed:
                        stream.flush()

        return call

    def write(self, result):
        try:
            return pickle.dumps(result, protocol=5), PICKLE
        except Exception as error:
            raise pickle.PicklingError(
                f"the result, a {type(result).__qualname__}, cannot be sent back from the worker: {text_of(error)}. Return what it is made of") from error

    def native(self, error):
        try:
            pickled = pickle.dumps(error, protocol=5)
        except BaseException:
            return None  # its texts have to do
        return (PICKLE, pickled) if len(pickled) <= MAX_NATIVE_BYTES else None


def _share(source, number):
    """What is written here to `number` appears where the program's own does. `source`: /proc/PID/fd/N."""
    found = re.fullmatch(r"/proc/(\d+)/fd/(\d+)", source or "")
    if not found:
        return
    try:
        pidfd = os.pidfd_open(int(found[1]))
        try:
            # The same open file, so that both write at one position.
            shared = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, pidfd, int(found[2]), 0)
        finally:
            os.close(pidfd)
        if shared < 0:
            shared = os.open(source, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY)
    except (OSError, AttributeError):
        return  # it goes to the host, as what any worker writes
    os.dup2(shared, number)
    os.close(shared)
