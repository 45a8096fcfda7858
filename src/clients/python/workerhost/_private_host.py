"""The host that a program starts for itself: a `workerhost serve` in a private directory, with one pool of Python workers.

It ends with the program, however that ends: it watches the program's process, its workers watch it, and the shell that started it removes
the directory when it is gone.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Dict, List, Optional

from ._wire import Target
from .errors import HostNotFound, HostUnavailable

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0

# In a session of its own, so that Ctrl-C on the terminal is the program's affair. Signals are the host's: the shell outlives it and tidies up.
_SHELL = 'trap : TERM; d=$1; shift; "$@"; s=$?; rm -rf -- "$d"; exit $s'


def command() -> List[str]:
    """The `workerhost` there is: WORKERHOST_COMMAND, else the one on PATH, else the one built in the repository that has this package."""
    named = os.environ.get("WORKERHOST_COMMAND")
    if named:
        found = shutil.which(named)
        if found is None:
            raise HostNotFound(f"WORKERHOST_COMMAND is {named!r}, which is no program that can be run; set it to the path of `workerhost`")
        return [found]
    found = shutil.which("workerhost")
    if found is not None:
        return [found]
    for parent in pathlib.Path(__file__).resolve().parents:
        project = parent / "src" / "WorkerHost.Sidecar"
        if project.is_dir():
            built = sorted(project.glob("bin/*/net*/WorkerHost.Sidecar"), key=lambda path: path.stat().st_mtime)
            if built:
                return [str(built[-1])]
            raise HostNotFound(f"the repository at {parent} has no built `workerhost`: dotnet build -c Release {project}")
    raise HostNotFound(
        "there is no `workerhost` on PATH, with which this program could start its worker processes. "
        "Install it (dotnet tool install WorkerHost.Sidecar), or set WORKERHOST_COMMAND to its path")


class PrivateHost:
    """Starts when it is made, and is ready later. `locate` waits for that, and starts it again where it has died. Thread-safe."""

    def __init__(self, pool: Dict[str, Any], files: Dict[str, bytes]) -> None:
        self._command = command()
        self._pool = pool
        self._files = files
        self._lock = threading.Lock()
        self._process: Optional[subprocess.Popen] = None
        self._directory = ""
        self._starts: List[float] = []
        self._was_ready = False
        self._stopped = self._asked = self._removed = False
        with self._lock:
            self._start()

    def locate(self) -> Target:
        """Raises HostUnavailable where it does not start, with what it has said."""
        with self._lock:
            if self._stopped:
                raise HostUnavailable("the executor has been shut down")
            if self._process is None or self._process.poll() is not None and self._was_ready:
                # It was there and is gone: somebody has killed it.
                self._remove()
                self._start()
            process, directory = self._process, self._directory
        end = time.monotonic() + _START_SECONDS
        endpoints = os.path.join(directory, "endpoint.json")
        pause = 0.002
        while not os.path.exists(endpoints):
            if process.poll() is not None:
                with self._lock:
                    self._process = None
                raise HostNotFound(f"{self._command[0]} ended with exit code {process.returncode} before it was ready; what it has said stands on stderr")
            if time.monotonic() > end:
                raise HostUnavailable(f"{self._command[0]} was not ready within {_START_SECONDS:g} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
        self._was_ready = True
        return Target.of(f"unix://{directory}/data.sock")

    def stop(self) -> None:
        """Ends it and waits for that; what still runs is cancelled."""
        with self._lock:
            if self._removed:
                return
            self._removed = True
        process = self.end(signal.SIGTERM)
        if process is not None:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.end(signal.SIGKILL)
                process.wait()
        self._remove()

    def end(self, how: signal.Signals) -> Optional[subprocess.Popen]:
        """Signals it, and does not start it again. By SIGTERM its workers stop what they run, by SIGKILL they are killed with it."""
        with self._lock:
            self._stopped = True
            process = self._process
        # The first of two SIGTERM asks and the second hurries: there is one.
        if process is not None and process.poll() is None and not (how is signal.SIGTERM and self._asked):
            self._asked = True
            try:
                os.killpg(process.pid, how)
            except ProcessLookupError:
                pass
        return process

    def _start(self) -> None:
        now = time.monotonic()
        self._starts = [then for then in self._starts if now - then < 60] + [now]
        if len(self._starts) > 5:
            raise HostUnavailable("the host that this program has started for itself has ended five times within a minute; it is not started again now")
        self._was_ready = False
        self._directory = directory = tempfile.mkdtemp(prefix="workerhost-python-")
        try:
            environment = dict(self._pool.get("command", {}).get("environment", {}))
            for variable, content in self._files.items():
                path = os.path.join(directory, variable.lower())
                with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as private:
                    private.write(content)
                environment[variable] = path
            pool = {**self._pool, "command": {**self._pool["command"], "environment": environment}}
            configuration = {
                "pools": {"python": pool},
                # Who waits is the executor; when its program is gone nobody does.
                "drainTimeout": "0s",
                "data": {"socket": os.path.join(directory, "data.sock")},
                "admin": {"socket": os.path.join(directory, "admin.sock")},
                "log": {"level": "warning"},
            }
            file = os.path.join(directory, "workerhost.json")
            with open(file, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
                json.dump(configuration, out)
            arguments = [*self._command, "serve", "--config", file, "--exit-with-pid", str(os.getpid()), "--endpoint-file", os.path.join(directory, "endpoint.json")]
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SHELL, "sh", directory, *arguments],
                stdin=subprocess.DEVNULL, stdout=_stderr(), stderr=_stderr(), start_new_session=True, env=_environment())
        except BaseException:
            self._remove()
            raise

    def _remove(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def _stderr() -> Optional[int]:
    """The program's own, where it has one that a process can have."""
    try:
        return sys.__stderr__.fileno() if sys.__stderr__ is not None else subprocess.DEVNULL
    except (OSError, ValueError):
        return subprocess.DEVNULL


def _environment() -> Dict[str, str]:
    # Settings of another host are not this one's; and the program may be a worker itself.
    others = ("WORKERHOST__", "WORKERHOST_WORKER", "WORKERHOST_PYTHON_", "NOTIFY_SOCKET", "WATCHDOG_USEC")
    return {name: value for name, value in os.environ.items() if not name.startswith(others)}
