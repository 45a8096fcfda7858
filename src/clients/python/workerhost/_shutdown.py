"""What is to be done when the program ends, before Python takes its threads away, and in a fork of it, where they never were."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any, Callable

_open: "weakref.WeakKeyDictionary[Any, Callable[[Any], None]]" = weakref.WeakKeyDictionary()


def at_exit(what: Any, action: Callable[[Any], None]) -> None:
    """Does `action(what)` at the program's end, if `what` is still there then. The newest first. In a fork of the program only `what.leave_to_parent()`."""
    _open[what] = action


def forget(what: Any) -> None:
    _open.pop(what, None)


def _all() -> None:
    for what, action in reversed(list(_open.items())):
        action(what)


def _in_child() -> None:
    inherited = list(_open)
    _open.clear()
    for what in inherited:
        what.leave_to_parent()


# As concurrent.futures does: before the threads that are no daemons are waited for.
threading._register_atexit(_all)  # type: ignore[attr-defined]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
