"""Hosts that tests start: the built sidecar, with workers of the test worker or of Python."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def built(variable, project, name):
    path = os.environ.get(variable) or ROOT / project / "bin" / "Release" / "net10.0" / name
    assert os.access(path, os.X_OK), f"{path} is not there: build it, or set {variable}"
    return str(path)


def sidecar():
    return built("WORKERHOST_COMMAND", "src/WorkerHost.Sidecar", "WorkerHost.Sidecar")


def test_worker():
    return built("WORKERHOST_TEST_WORKER", "tests/WorkerHost.TestWorker", "WorkerHost.TestWorker")


def until(fact, seconds=20.0):
    """Waits for a fact; answers it."""
    end = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
    return found


def alive(pid):
    """A process of that number is there, and no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def in_a_fork(what):
    """What it returns or raises in a fork of this process, in words."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            try:
                answer = what()
            except BaseException as error:
                answer = error
            os.write(write, repr(answer).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as said:
        answer = said.read()
    os.waitpid(child, 0)
    return answer


class Host:
    """A sidecar in a directory of its own. `pools` is that of its configuration."""

    def __init__(self, pools, **settings):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="whp-"))
        configuration = {"pools": pools, "data": {"socket": str(self.directory / "data.sock")}, "admin": {"socket": str(self.directory / "admin.sock")}, "log": {"level": "warning"}}
        configuration.update(settings)
        (self.directory / "workerhost.json").write_text(json.dumps(configuration))
        self.address = f"unix://{self.directory}/data.sock"
        self.start()

    def start(self):
        endpoints = self.directory / "endpoint.json"
        endpoints.unlink(missing_ok=True)
        self.log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(
            [sidecar(), "serve", "--config", self.directory / "workerhost.json", "--exit-with-pid", str(os.getpid()), "--endpoint-file", endpoints],
            stdout=self.log, stderr=self.log)
        until(lambda: endpoints.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, (self.directory / "log").read_text()
        self.endpoints = json.loads(endpoints.read_text())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
