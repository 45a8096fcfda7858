"""Workers in Python, and workers without an SDK, under the built sidecar."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
import workerhost
from hosts import ROOT, Host, alive, until

from launched import HERE

SAMPLES = ROOT / "src" / "samples" / "workers"
RUBY = shutil.which("ruby")


def has_ruby():
    return RUBY is not None and subprocess.run([RUBY, "-e", "require 'grpc'"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    """As any team makes them from protos/."""
    folder = tmp_path_factory.mktemp("stubs")
    subprocess.run(
        ["protoc", f"-I{ROOT / 'protos'}", *(f"--{language}_out={folder}" for language in ("python", "grpc_python", "ruby", "grpc_ruby")),
         *(f"--plugin=protoc-gen-grpc_{language}={shutil.which(f'grpc_{language}_plugin')}" for language in ("python", "ruby")),
         *sorted((ROOT / "protos" / "workerhost" / "v1").glob("*.proto"))], check=True)
    return folder


@pytest.fixture(scope="module")
def host(stubs):
    def pool(*command, **more):
        return {"command": {"fileName": command[0], "arguments": [str(part) for part in command[1:]], "workingDirectory": str(HERE)}, "workers": 1,
                "supervision": {"spares": 0, "inheritEnvironment": ["*"]}, **more}

    pools = {
        "sdk": pool(sys.executable, "-m", "workerhost.worker", "handlers", cancelGrace="500ms", terminateGrace="500ms"),
        "plain": pool(sys.executable, SAMPLES / "plain_worker.py", stubs),
    }
    if has_ruby():
        pools["ruby"] = pool(RUBY, SAMPLES / "plain_worker.rb", stubs)
    started = Host(pools)
    yield started
    started.close()


@pytest.fixture(scope="module")
def sdk(host):
    with workerhost.connect(host.address, pool="sdk") as client:
        yield client


def test_tasks_run_and_what_a_task_says_arrives(sdk):
    assert sdk.submit("add", 20, 22).result(20) == 42
    assert list(sdk.stream("count", 3)) == [0, 1, 2]
    with pytest.raises(workerhost.TaskFailed) as raised:
        sdk.submit("fail", "on purpose").result(20)
    assert (raised.value.type, raised.value.message, raised.value.cause.type) == ("ValueError", "on purpose", "KeyError")
    with pytest.raises(workerhost.BadInput):
        sdk.submit("add", 1).result(20)


def test_a_worker_that_dies_says_why_and_is_replaced(sdk):
    before = sdk.submit("info").result(20)["pid"]
    with pytest.raises(workerhost.WorkerLost) as raised:
        sdk.submit("kill").result(20)
    assert raised.value.deaths[0].signal == "SIGKILL"
    assert sdk.submit("info").result(20)["pid"] != before


def test_a_task_that_was_stopped_leaves_its_worker_alive(sdk, tmp_path):
    before = sdk.submit("info").result(20)["pid"]
    future = sdk.submit("spinning", str(tmp_path / "p"))
    until(lambda: (tmp_path / "p").exists())
    assert future.cancel()
    until(lambda: "left" in (tmp_path / "p").read_text())
    assert sdk.submit("info").result(20)["pid"] == before


def test_native_code_that_keeps_the_interpreter_loses_its_process(sdk, tmp_path):
    before = sdk.submit("info").result(20)["pid"]
    future = sdk.submit("native", str(tmp_path / "p"))
    until(lambda: (tmp_path / "p").exists())
    assert future.cancel()
    until(lambda: not alive(before))
    assert sdk.submit("info").result(20)["pid"] != before


@pytest.mark.slow
def test_native_code_that_keeps_the_interpreter_for_long_is_no_hang(tmp_path):
    pool = {"command": {"fileName": sys.executable, "arguments": ["-m", "workerhost.worker", "handlers"], "workingDirectory": str(HERE)}, "workers": 1, "cancelGrace": "100ms", "terminateGrace": "100ms",
            "supervision": {"spares": 0, "inheritEnvironment": ["*"], "liveness": {"heartbeatInterval": "100ms", "suspectAfter": "300ms", "deadAfter": "1s"}}}
    host = Host({"sdk": pool})
    try:
        with workerhost.connect(host.address, pool="sdk") as client:
            pid = client.submit("info").result(20)["pid"]
            future = client.submit("native", str(tmp_path / "p"))
            with pytest.raises(TimeoutError):
                future.result(4)
            assert alive(pid)
            future.cancel()
            # A stopped process is one that hangs.
            pid = client.submit("info").result(20)["pid"]
            os.kill(pid, signal.SIGSTOP)
            until(lambda: not alive(pid))
    finally:
        host.close()


@pytest.mark.parametrize("language", ["plain", "ruby"])
def test_a_worker_needs_no_sdk(host, language):
    if language == "ruby" and not has_ruby():
        assert os.environ.get("CI") != "true", "ruby-grpc is not there (apt-get install ruby-grpc)"
        pytest.skip("ruby-grpc is not there (apt-get install ruby-grpc)")
    with workerhost.connect(host.address, pool=language) as client:
        assert client.submit("add", 20, 22).result(20) == 42
        assert client.submit("upper", "gruen").result(20) == "GRUEN"
        with pytest.raises(workerhost.UnknownTask) as raised:
            client.submit("nobody").result(20)
        assert "there are add, upper" in str(raised.value)
        with pytest.raises(workerhost.TaskFailed) as raised:
            client.submit("add", 1, None).result(20)
        assert "TypeError" in str(raised.value)
        assert client.submit("add", 1, 1).result(20) == 2


@pytest.mark.parametrize("program", ["plain_worker.py", "plain_worker.rb"])
def test_by_hand_it_says_what_it_is(program, stubs):
    interpreter = sys.executable if program.endswith("py") else RUBY
    if interpreter is None or (program.endswith("rb") and not has_ruby()):
        pytest.skip("ruby-grpc is not there (apt-get install ruby-grpc)")
    done = subprocess.run([interpreter, SAMPLES / program, stubs], capture_output=True, text=True)
    assert done.returncode == 64 and "is a WorkerHost worker" in done.stderr
