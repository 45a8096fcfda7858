"""How a worker process ended."""

from __future__ import annotations

from typing import List, Tuple

from .v1 import failure_pb2

_CAUSES = {
    failure_pb2.DEATH_CAUSE_CRASH: "crash",
    failure_pb2.DEATH_CAUSE_EXIT: "exit",
    failure_pb2.DEATH_CAUSE_OUT_OF_MEMORY: "out of memory",
    failure_pb2.DEATH_CAUSE_HANG: "hang",
    failure_pb2.DEATH_CAUSE_BOOT_TIMEOUT: "boot timeout",
    failure_pb2.DEATH_CAUSE_BOOT_FAILURE: "boot failure",
    failure_pb2.DEATH_CAUSE_RECYCLE: "recycle",
    failure_pb2.DEATH_CAUSE_ORDERED: "ordered",
    failure_pb2.DEATH_CAUSE_KILLED: "killed",
    failure_pb2.DEATH_CAUSE_STOP: "stop",
    failure_pb2.DEATH_CAUSE_LIMIT: "limit",
}


class DeathReport:
    """How one worker process ended, as its supervisor saw it. `str()` of it is for people. Immutable."""

    __slots__ = ("worker", "pid", "cause", "exit_code", "signal", "reason", "next", "running_tasks", "last_output", "uptime", "peak_memory_bytes")

    def __init__(self, message: failure_pb2.DeathReport) -> None:
        #: "pool/slot#incarnation".
        self.worker: str = f"{message.pool}/{message.slot}#{message.incarnation}"
        self.pid: int = message.pid
        #: "crash", "exit", "out of memory", "hang", "boot timeout", "boot failure", "recycle", "ordered", "killed", "stop" or "limit".
        self.cause: str = _CAUSES.get(message.cause, "unknown")
        #: As Python counts: below 0 there is none, it was ended by `signal`.
        self.exit_code: int = message.exit_code
        #: "SIGKILL", "SIGSEGV" …; empty: it left with `exit_code`.
        self.signal: str = message.signal
        #: Why it was ended, in words; empty: nobody ended it.
        self.reason: str = message.reason
        #: What its supervisor does next, e.g. "restart in 1.6 s".
        self.next: str = message.next
        #: Ids of the tasks that were running.
        self.running_tasks: Tuple[str, ...] = tuple(message.running_tasks)
        #: The last lines it wrote to stderr.
        self.last_output: Tuple[str, ...] = tuple(message.last_output)
        #: In seconds.
        self.uptime: float = message.uptime.ToTimedelta().total_seconds()
        #: 0: unknown.
        self.peak_memory_bytes: int = message.peak_memory_bytes

    @property
    def who(self) -> str:
        """The worker and its process, in words."""
        return f"worker {self.worker} (pid {self.pid})" if self.pid else f"worker {self.worker}"

    def __str__(self) -> str:
        how = f"ended by {self.signal}" if self.signal else f"ended with exit code {self.exit_code}"
        parts: List[str] = [f"{self.who} {how} after {self.uptime:.3g} s ({self.cause})"]
        if self.reason:
            parts.append(self.reason)
        if self.next:
            parts.append(self.next)
        text = "; ".join(parts)
        return text + "".join(f"\n    | {line}" for line in self.last_output)

    def __repr__(self) -> str:
        return f"<DeathReport {self.worker} pid {self.pid}: {self.signal or self.exit_code}, {self.cause}>"
