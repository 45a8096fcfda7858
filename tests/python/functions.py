"""Functions that tests send to workers."""

import os
import signal
import sys
import threading
import time

_initialized = None


class Picky(Exception):
    """Cannot be unpickled: it is made with two arguments, and remembers one."""

    def __init__(self, one, two):
        super().__init__(one)


class Unreadable(Exception):
    """Ends whoever pickles or reads it."""

    def __reduce__(self):
        raise SystemExit(5)

    def __str__(self):
        raise SystemExit(6)


def fail_unreadably():
    raise Unreadable


def square(x):
    return x * x


def power(base, exponent=2):
    return base ** exponent


def pid(*_):
    return os.getpid()


def pid_after(seconds):
    time.sleep(seconds)
    return os.getpid()


def fail(message):
    try:
        raise KeyError("the cause")
    except KeyError as error:
        raise ValueError(message) from error


def fail_picky():
    raise Picky("first", "second")


def exception_as_value():
    return ValueError("a value")


def lock():
    return threading.Lock()


def die(how):
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    os._exit(int(how))


def die_once(path):
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return os.getpid()
    os.kill(os.getpid(), signal.SIGKILL)


def meet(here, there):
    with open(here, "w") as file:
        file.write(str(os.getpid()))
    while not os.path.exists(there):
        time.sleep(0.005)
    return os.getpid()


def spin_from(here):
    """Python code that never ends."""
    with open(here, "w") as file:
        file.write(str(os.getpid()))
    while True:
        pass


def spin_until_stopped(here, there):
    """Python code that never ends, and says so when it is made to."""
    try:
        spin_from(here)
    finally:
        open(there, "w").close()


def block_from(here, seconds):
    """Native code that nothing interrupts from within."""
    import ctypes

    with open(here, "w") as file:
        file.write(str(os.getpid()))
    ctypes.PyDLL(None).sleep(seconds)


def initialize(value):
    global _initialized
    _initialized = value


def initialized():
    return _initialized


def cannot_begin():
    raise RuntimeError("the model is not there")


def say(text):
    print(text)
    print("and " + text, file=sys.stderr)


def put(queue, value):
    queue.put(value)


def nothing(*_):
    return None


def work_for(milliseconds):
    end = time.monotonic() + milliseconds / 1000
    while time.monotonic() < end:
        pass
    return os.getpid()


def leave(code):
    sys.exit(code)


def pool_in_a_worker():
    import workerhost

    with workerhost.ProcessPoolExecutor(1) as executor:
        return list(executor.map(square, range(3)))
