"""From the launch line to the exit code."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import grpc
import pytest

from launched import HERE, LaunchedWorker, Session
from test_stopping import lines
from workerhost.v1 import session_pb2
from workerhost.worker._launch import LaunchError, parse


def end_of(*arguments, stdin=b"", environment=None):
    """(exit code, stderr) of a worker's program that ends by itself."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=HERE, env={**os.environ, **(environment or {})}, input=stdin, capture_output=True, timeout=20)
    return done.returncode, done.stderr.decode()


def test_by_hand_it_explains_itself_and_exits_with_64():
    code, words = end_of("-m", "workerhost.worker", "handlers")
    assert code == 64
    assert "is a WorkerHost worker" in words and "async-add" in words and "workerhost serve" in words


@pytest.mark.parametrize("arguments, words", [
    ([], "name a module with tasks: python -m workerhost.worker MODULE"),
    (["no_such_module"], "it cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
    (["--no-such-option"], "unrecognized arguments: --no-such-option"),
])
def test_by_hand_it_says_what_is_wrong_and_exits_with_64(arguments, words):
    code, said = end_of("-m", "workerhost.worker", *arguments)
    assert (code, words in said) == (64, True), said
    assert "is a WorkerHost worker" in said and "workerhost serve" in said and "Traceback" not in said


def test_by_hand_a_module_that_fails_shows_where(tmp_path):
    (tmp_path / "broken.py").write_text("import no_such_module_either\n")
    code, said = end_of("-m", "workerhost.worker", "broken", environment={"PYTHONPATH": os.pathsep.join((os.environ["PYTHONPATH"], str(tmp_path)))})
    assert code == 64 and "broken.py\", line 1" in said and "is a WorkerHost worker" in said


@pytest.mark.parametrize("arguments, words", [([], "name a module with tasks"), (["--no-such-option"], "unrecognized arguments")])
def test_a_command_of_a_pool_that_cannot_serve_is_a_failed_start_that_says_so(arguments, words):
    code, said = end_of("-m", "workerhost.worker", *arguments, "--workerhost-worker", "python", environment={"WORKERHOST_WORKER": "1"})
    assert code == 70 and words in said.splitlines()[-1], said


@pytest.mark.parametrize("line, code, words", [
    (b"", 70, "stdin ended before the supervisor had written the launch line"),
    (b'{"minProtocol":1,"maxProtocol":1,"pool":"p","slot":0,"incarnation":1,"hostInstance":"h","concurrency":1,"drainMilliseconds":1,"maxMessageBytes":1}\n', 70, "address is missing"),
    (b'{"minProtocol":7,"maxProtocol":9,"pool":"p","slot":0,"incarnation":1,"hostInstance":"h","address":"unix:///x","concurrency":1,"drainMilliseconds":1,"maxMessageBytes":1}\n', 78,
     "the supervisor speaks 7 to 9, this worker 1 to 1"),
])
def test_a_launch_line_that_cannot_be_used_is_said(line, code, words):
    ended, said = end_of("-m", "workerhost.worker", "handlers", stdin=line, environment={"WORKERHOST_WORKER": "1"})
    assert (ended, words in said) == (code, True), said


@pytest.mark.parametrize("line, words", [
    ("hello", "the launch line is not what a supervisor writes"),
    ("[]", "no JSON object"),
    ('{"minProtocol":1}', "maxProtocol is missing"),
    ('{"minProtocol":-1}', "minProtocol is no whole number"),
    ('{"minProtocol":true}', "minProtocol is no whole number"),
])
def test_what_is_wrong_with_a_launch_line_is_said(line, words):
    with pytest.raises(LaunchError) as raised:
        parse(line)
    assert (words in str(raised.value), raised.value.code) == (True, 70)


def test_a_module_that_cannot_be_imported_is_a_failed_start_that_says_so():
    with_error = LaunchedWorker("-m", "workerhost.worker", "no_such_module")
    try:
        code, words = with_error.ended()
        assert code == 70 and "No module named 'no_such_module'" in words.splitlines()[-1]
    finally:
        with_error.__exit__()


@pytest.mark.parametrize("how", ["SIGTERM", pytest.param("lifeline", marks=pytest.mark.slow), pytest.param("in its own time", marks=pytest.mark.slow)])
def test_when_asked_to_leave_it_gives_back_what_waits_finishes_what_runs_and_exits_with_0(how, tmp_path):
    with LaunchedWorker(drainMilliseconds=10_000) as worker:
        session = Session(worker).open()
        running, waiting = session.submit("stubborn", 0.5, str(tmp_path / "p")), session.submit("add", 1, 2)
        lines(tmp_path / "p", 1)
        if how == "SIGTERM":
            worker.process.send_signal(signal.SIGTERM)
        else:
            if how == "in its own time":
                worker.process.stdin.write(b"something new\nleave-in-your-own-time\n")
            worker.process.stdin.close()
            worker.process.stdin = None
        assert session.outcome(waiting).recalled and session.draining
        assert json.loads(session.outcome(running).data) == "to the end"
        code, errors = worker.ended()
        assert (code, errors) == (0, "")


def test_what_does_not_end_in_time_is_told_to_stop_when_it_leaves(tmp_path):
    with LaunchedWorker(drainMilliseconds=100) as worker:
        session = Session(worker).open()
        session.submit("spinning", str(tmp_path / "p"))
        lines(tmp_path / "p", 1)
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ended()[0] == 0
        assert lines(tmp_path / "p", 2) == ["began", "left"]


def test_native_code_that_was_told_to_stop_does_not_hold_up_a_sigterm(tmp_path):
    # What the host does when its grace has passed.
    with LaunchedWorker(drainMilliseconds=60_000, concurrency=2) as worker:
        session = Session(worker, report_started=True).open()
        first, second = session.submit("sleep", 600), session.submit("sleep", 600)
        session.until(lambda: {first, second} <= set(session.started))
        session.send(cancel=[first, second])
        # The one in the main thread comes back, the other cannot.
        session.until(lambda: first in session.outcomes or second in session.outcomes)
        began = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        assert worker.ended()[0] == 0
        assert time.monotonic() - began < 5


def test_a_handler_and_its_children_have_no_lifeline_and_no_marker(tmp_path):
    script = tmp_path / "own.py"
    script.write_text(
        "import os, subprocess, sys\nfrom workerhost import worker\n"
        "@worker.task\ndef child():\n"
        "    seen = 'import os,sys;print(os.environ.get(\"WORKERHOST_WORKER\"), sys.stdin.read(), len(os.listdir(\"/proc/self/fd\")))'\n"
        "    return subprocess.run([sys.executable, '-c', seen], capture_output=True, text=True, close_fds=False).stdout.split()\n"
        "worker.run()\n")
    with LaunchedWorker(str(script)) as worker:
        marker, descriptors = worker.run("child")
        assert marker == "None" and int(descriptors) <= 5


@pytest.mark.slow
def test_a_process_that_a_handler_forks_and_terminates_does_not_end_the_worker(tmp_path):
    script = tmp_path / "own.py"
    script.write_text(
        "import multiprocessing, time\nfrom workerhost import worker\n"
        "@worker.task\ndef forks():\n"
        "    child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,))\n"
        "    child.start()\n    child.terminate()\n    child.join()\n    return child.exitcode\n"
        "worker.run()\n")
    with LaunchedWorker(str(script), environment={"GRPC_ENABLE_FORK_SUPPORT": "0"}) as worker:
        assert worker.run("forks") == -signal.SIGTERM
        assert worker.run("forks") == -signal.SIGTERM


def test_the_path_of_its_socket_may_be_any():
    with LaunchedWorker(prefix="wh a%41 ü#?") as worker:
        assert worker.run("add", 1, 2) == 3
        assert (worker.folder / "s").is_socket()


def test_over_tcp_the_secret_is_demanded_of_everybody():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % probe.getsockname()[1]
    worker = LaunchedWorker(address=f"http://{address}", secret="a secret of the test")
    try:
        shown = [("authorization", "Bearer a secret of the test")]
        with grpc.insecure_channel(address) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            while check(b"", metadata=shown, wait_for_ready=True, timeout=20) != b"\x08\x01":
                pass
            for metadata in [[], [("authorization", "Bearer guess")], shown * 2]:
                with pytest.raises(grpc.RpcError) as raised:
                    check(b"", metadata=metadata)
                assert raised.value.code() == grpc.StatusCode.UNAUTHENTICATED
                assert "a secret" not in raised.value.details()
    finally:
        worker.__exit__()


@pytest.mark.parametrize("hello, code, words", [
    ({"min_protocol": 7, "max_protocol": 9}, grpc.StatusCode.FAILED_PRECONDITION, "the client speaks 7 to 9"),
    ({"required_capabilities": ["calls"]}, grpc.StatusCode.FAILED_PRECONDITION, "missing capabilities calls"),
    ({"session_key": 0}, grpc.StatusCode.INVALID_ARGUMENT, "session_key is 0"),
    ({"pool": "another"}, grpc.StatusCode.NOT_FOUND, 'belongs to "python"'),
])
def test_a_session_that_cannot_be_had_is_refused_in_words(shared, hello, code, words):
    with pytest.raises(grpc.RpcError) as raised:
        next(Session(shared, **hello).call)
    assert raised.value.code() == code and words in raised.value.details()


@pytest.mark.parametrize("frame, words", [
    ({"hello": session_pb2.ClientHello(session_key=5)}, "a second hello"),
    ({"cancel": [99]}, "cancels sequence 99, but the last one submitted is 0"),
    ({"tasks": [session_pb2.TaskSubmission(sequence=2, task="add"), session_pb2.TaskSubmission(sequence=2, task="add")]}, "sequences must rise"),
])
def test_a_client_that_breaks_the_protocol_loses_its_session_and_nobody_else_does(shared, frame, words):
    session = Session(shared, key=4711).open()
    session.send(**frame)
    session.until(lambda: session.error is not None)
    assert session.error.code() == grpc.StatusCode.INVALID_ARGUMENT and words in session.error.details()
    assert shared.run("add", 1, 2) == 3


@pytest.fixture(scope="module")
def shared():
    with LaunchedWorker() as worker:
        yield worker


def test_the_page_s_worker_does_what_the_page_says(tmp_path):
    page = (HERE.parents[2] / "src" / "docs" / "python-workers.md").read_text()
    (tmp_path / "my_tasks.py").write_text(re.search(r"```python\n# my_tasks\.py\n(.*?)```", page, re.DOTALL)[1])
    (tmp_path / "rows").write_text("one\ntwo\n")
    with LaunchedWorker("-m", "workerhost.worker", "my_tasks", environment={"PYTHONPATH": os.pathsep.join((os.environ["PYTHONPATH"], str(tmp_path)))}) as worker:
        assert worker.run("add", 1, 2) == 3
        assert worker.run("rows", str(tmp_path / "rows")) == ["one\n", "two\n"]
