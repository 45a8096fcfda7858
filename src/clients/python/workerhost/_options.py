"""What a caller may say of a task beside its arguments."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Callable, Mapping, Optional, Type

from .errors import BadInput

#: Names, ids and keys are at most this long, in characters.
MAX_NAME = 1024
#: All headers of a task together: names and values in UTF-8, and 8 bytes more for each.
MAX_HEADER_BYTES = 32 * 1024


@dataclasses.dataclass(frozen=True)
class TaskOptions:
    """What holds for a task. Immutable; made by `options(...)` of a client or an executor, which checks it at once."""

    #: The time limit in seconds, from the submission until its outcome, waiting included; None: there is none.
    timeout: Optional[float] = None
    #: The task may run again when it is unknown whether it has run: it is tried again when its worker dies.
    idempotent: bool = False
    #: From -2 to 2; higher goes first.
    priority: int = 0
    #: Attempts in all after lost workers, 1 to 1000; None: as the pool says (3).
    max_attempts: Optional[int] = None
    #: Tasks with the same key prefer the same worker.
    affinity_key: str = ""
    #: The task's id, for logs and explanations; while the host knows it the same id is the same task. None: one is made up.
    id: Optional[str] = None
    #: Handed to the handler.
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: The class of protobuf messages that the task answers with; None: its bytes.
    result: Optional[Type[Any]] = None
    #: Called with (fraction, message) for what a running task reports; fraction is NaN where it is not known. On a thread of the client: be quick.
    progress: Optional[Callable[[float, str], None]] = None

    def __post_init__(self) -> None:
        if self.timeout is not None and not (_is(self.timeout, (int, float)) and 0 < self.timeout < math.inf):
            raise BadInput(f"timeout is {self.timeout!r}; allowed: a number of seconds above 0, or None for no limit")
        if not isinstance(self.idempotent, bool):
            raise BadInput(f"idempotent is {self.idempotent!r}; allowed: True or False")
        if not _is(self.priority, int) or not -2 <= self.priority <= 2:
            raise BadInput(f"priority is {self.priority!r}; allowed: a whole number from -2 to 2")
        if self.max_attempts is not None and not (_is(self.max_attempts, int) and 1 <= self.max_attempts <= 1000):
            raise BadInput(f"max_attempts is {self.max_attempts!r}; allowed: 1 to 1000, or None for the pool's own number")
        for name in ("affinity_key", "id"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or len(value) > MAX_NAME):
                raise BadInput(f"{name} is a {type(value).__name__} of length {len(value) if isinstance(value, str) else '?'}; allowed: a text of at most {MAX_NAME} characters")
        if self.id == "":
            raise BadInput("id is empty; allowed: a text of 1 to 1024 characters, or None for one that is made up")
        if self.progress is not None and not callable(self.progress):
            raise BadInput(f"progress is {self.progress!r}; allowed: something that is called with a fraction and a message, or None")
        if not isinstance(self.headers, Mapping):
            raise BadInput(f"headers is {self.headers!r}; allowed: a mapping of texts to texts")
        size = 0
        for name, value in self.headers.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise BadInput(f"header {name!r} is {value!r}; allowed: texts for both")
            size += len(name.encode()) + len(value.encode()) + 8
        if size > MAX_HEADER_BYTES:
            raise BadInput(f"the headers have {size} bytes; the limit is {MAX_HEADER_BYTES}")

    def with_(self, **changes: Any) -> "TaskOptions":
        known = {field.name for field in dataclasses.fields(self)}
        for name in changes:
            if name not in known:
                raise TypeError(f"there is no option {name!r}; there are {', '.join(sorted(known))}")
        return dataclasses.replace(self, **changes)


def _is(value: Any, kind: Any) -> bool:
    # True and False are numbers in Python, and no number here.
    return isinstance(value, kind) and not isinstance(value, bool)


#: The options of most tasks: nothing of them is said on the wire.
PLAIN = TaskOptions()
