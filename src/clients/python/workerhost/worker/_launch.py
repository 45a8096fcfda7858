"""How a worker begins: the marker, the launch line, the lifeline."""

import fcntl
import json
import os
import sys
import threading
from dataclasses import dataclass
from typing import Callable, Optional

MARKER = "WORKERHOST_WORKER"
ARGUMENT = "--workerhost-worker"
MIN_PROTOCOL = MAX_PROTOCOL = 1

# Exit codes with a meaning between a worker and its supervisor (WorkerExitCode in C#).
SUCCESS, NOT_SUPERVISED, CANNOT_SERVE, RECYCLE, MISCONFIGURED = 0, 64, 70, 75, 78

MAX_LINE_BYTES = 64 * 1024
MAX_LANES = 1024
LEAVE_IN_YOUR_OWN_TIME = b"leave-in-your-own-time\n"


class LaunchError(Exception):
    """This process cannot begin to serve; ends with `code`."""

    def __init__(self, message, code=CANNOT_SERVE):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class LaunchLine:
    min_protocol: int
    max_protocol: int
    pool: str
    slot: int
    incarnation: int
    address: str
    host_instance: str
    concurrency: int
    drain_seconds: float
    max_message_bytes: int
    secret: Optional[str] = None
    ledger: Optional[str] = None

    @property
    def worker(self):
        return f"{self.pool}/{self.slot}#{self.incarnation}"


def is_supervised():
    return os.environ.get(MARKER) == "1"


def parse(text):
    """Raises LaunchError for a line that no supervisor writes, and for one that this package cannot serve."""
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise _wrong(str(error)) from None
    if not isinstance(fields, dict):
        raise _wrong("it is no JSON object")

    def number(name, low, high):
        value = fields.get(name)
        if value is None:
            raise _wrong(f"{name} is missing")
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _wrong(f"{name} is no whole number from {low} to {high}")
        return value

    def word(name, needed=True):
        value = fields.get(name)
        if value is None and not needed:
            return None
        if not isinstance(value, str) or (needed and not value):
            raise _wrong(f"{name} is {'missing' if value is None else 'no text'}")
        return value

    line = LaunchLine(
        min_protocol=number("minProtocol", 0, 2**32 - 1),
        max_protocol=number("maxProtocol", 0, 2**32 - 1),
        pool=word("pool"),
        slot=number("slot", -2**31, 2**31 - 1),
        incarnation=number("incarnation", -2**63, 2**63 - 1),
        address=word("address"),
        host_instance=word("hostInstance"),
        concurrency=number("concurrency", 1, MAX_LANES),
        drain_seconds=number("drainMilliseconds", 0, 2**31 - 1) / 1000,
        max_message_bytes=number("maxMessageBytes", 1, 2**31 - 1),
        secret=word("secret", needed=False),
        ledger=word("ledger", needed=False),
    )
    if line.min_protocol > MAX_PROTOCOL or line.max_protocol < MIN_PROTOCOL:
        # Another start of the same two programs ends the same way.
        raise LaunchError(
            f"no common protocol version: the supervisor speaks {line.min_protocol} to {line.max_protocol}, "
            f"this worker {MIN_PROTOCOL} to {MAX_PROTOCOL}; update one of them",
            MISCONFIGURED)
    return line


def _wrong(problem):
    return LaunchError(f"the launch line is not what a supervisor writes: {problem}")


class Lifeline:
    """The pipe that a supervisor holds for as long as it lives. It arrives as stdin and is moved away from there, so that
    nobody's code reads it away and no child has it."""

    def __init__(self):
        if os.isatty(0):
            raise LaunchError(
                f"{MARKER}=1 is set, but stdin is a terminal and no supervisor writes to it; unset the variable to run the program by hand",
                NOT_SUPERVISED)
        self._pipe = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)

    def read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            if len(line) >= MAX_LINE_BYTES:
                raise LaunchError(f"the launch line has no end within {MAX_LINE_BYTES} bytes")
            # One by one: what stands behind the line is the watcher's.
            byte = os.read(self._pipe, 1)
            if not byte:
                raise LaunchError("stdin ended before the supervisor had written the launch line")
            line += byte
        return line.decode("utf-8", "replace")

    def watch(self, ended: Callable[[bool], None]):
        """Calls once, from a thread of its own, when the other end has closed: with whether its last line was that there is no hurry."""

        def wait():
            last = b""
            try:
                while more := os.read(self._pipe, 4096):
                    last = (last + more)[-len(LEAVE_IN_YOUR_OWN_TIME):]
            except OSError:
                pass  # as good as closed
            ended(last == LEAVE_IN_YOUR_OWN_TIME)

        threading.Thread(target=wait, name="workerhost lifeline", daemon=True).start()


def explain(program, tasks, problem=None):
    """What a worker says to whoever starts it by hand. `problem`: why it would not serve there either."""
    print(
        f"{program} is a WorkerHost worker: it runs tasks for a supervisor and does nothing by itself.\n"
        f"A supervisor starts it, for example `workerhost serve` with this in its configuration:\n"
        f'    "pools": {{ "NAME": {{ "command": {{ "fileName": {json.dumps(sys.executable)}, "arguments": {json.dumps(_by_hand())} }} }} }}\n'
        + (f"It would not serve there as it is: {problem}" if problem
           else f"It offers: {', '.join(tasks)}" if tasks else "It offers no tasks: nothing has @worker.task(\"name\")."),
        file=sys.stderr)


def _by_hand():
    module = getattr(sys.modules.get("__main__"), "__spec__", None)
    start = ["-m", module.name.removesuffix(".__main__")] if module else [os.path.abspath(sys.argv[0])]
    return [*start, *sys.argv[1:]]
