"""workerhost.ProcessPoolExecutor."""

import asyncio
import concurrent.futures
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import functions
import pytest
from hosts import alive, in_a_fork, sidecar, until

import workerhost


@pytest.fixture(scope="module")
def executor():
    with workerhost.ProcessPoolExecutor(2, initializer=functions.initialize, initargs=("ready",)) as executor:
        assert executor.submit(functions.square, 3).result(60) == 9
        yield executor


def test_functions_run_in_other_processes(executor):
    future = executor.submit(functions.power, 2, exponent=10)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(10) == 1024
    assert executor.submit(functions.pid).result(10) != os.getpid()
    assert executor.submit(functions.initialized).result(10) == "ready"


def test_map_gives_results_in_order(executor):
    assert list(executor.map(functions.square, range(50))) == [i * i for i in range(50)]
    assert list(executor.map(functions.power, range(7), range(7), chunksize=3)) == [i ** i for i in range(7)]
    read = []
    results = executor.map(functions.square, (read.append(i) or i for i in range(30)), buffersize=4)
    assert len(read) == 4 and list(results) == [i * i for i in range(30)]
    with pytest.raises(ValueError, match="chunksize"):
        executor.map(functions.square, [1], chunksize=0)
    with pytest.raises(ValueError, match="buffersize"):
        executor.map(functions.square, [1], buffersize=0)
    with pytest.raises(concurrent.futures.TimeoutError):
        list(executor.map(functions.pid_after, [0, 5], timeout=0.3))


def test_an_exception_comes_back_as_it_was(executor):
    with pytest.raises(ValueError, match="no luck") as caught:
        executor.submit(functions.fail, "no luck").result(10)
    text = str(caught.value.__cause__)
    assert "in fail" in text and "KeyError: 'the cause'" in text
    value = executor.submit(functions.exception_as_value).result(10)
    assert isinstance(value, ValueError) and value.args == ("a value",)


def test_what_cannot_be_sent_says_what_to_do_and_harms_nothing(executor):
    with pytest.raises(workerhost.BadInput, match="a lambda.*top level"):
        executor.submit(lambda: 1).result(10)
    with pytest.raises(workerhost.BadInput, match="argument 2 of power, a lock.*cannot be sent"):
        executor.submit(functions.power, 1, threading.Lock()).result(10)
    with pytest.raises(Exception, match="pickle"):
        executor.submit(functions.lock).result(10)
    with pytest.raises(workerhost.TaskFailed, match="first") as caught:
        executor.submit(functions.fail_picky).result(10)
    assert "Picky" in caught.value.type and "fail_picky" in caught.value.remote_traceback
    gone = pickle.dumps(functions.square).replace(b"square", b"sqware")
    with pytest.raises(Exception, match="sqware"):
        executor.submit(pickle.loads, gone).result(10)
    futures = [executor.submit(lambda: 1) for _ in range(100)] + [executor.submit(functions.square, i) for i in range(100)]
    assert [f.result(20) for f in futures[100:]] == [i * i for i in range(100)]


@pytest.mark.scenario("9")
def test_a_dead_worker_takes_its_own_task_and_no_other(executor, tmp_path):
    running = executor.submit(functions.meet, str(tmp_path / "here"), str(tmp_path / "there"))
    until(lambda: (tmp_path / "here").exists())
    with pytest.raises(workerhost.WorkerLost, match="SIGKILL") as caught:
        executor.submit(functions.die, "kill").result(20)
    assert isinstance(caught.value, concurrent.futures.BrokenExecutor)
    assert caught.value.deaths[-1].signal == "SIGKILL"
    assert str(caught.value).count(f"(pid {caught.value.deaths[-1].pid})") == 1 and "do not say idempotent=True" in str(caught.value)
    with pytest.raises(workerhost.WorkerLost) as caught:
        executor.submit(functions.die, "7").result(20)
    assert caught.value.deaths[-1].exit_code == 7
    (tmp_path / "there").touch()
    assert running.result(10) > 0
    assert executor.submit(functions.square, 2).result(20) == 4
    assert executor.options(idempotent=True).submit(functions.die_once, str(tmp_path / "once")).result(20) > 0


@pytest.mark.scenario("32")
def test_cancel_stops_what_runs(executor, tmp_path):
    for function, args in ((functions.spin_from, ()), (functions.block_from, (600,))):
        here = tmp_path / function.__name__
        future = executor.submit(function, str(here), *args)
        pid = int(until(lambda: here.exists() and here.read_text()))
        assert future.running() and future.cancel() and future.cancelled()
        # Python code is stopped where it is; native code with its process.
        until(lambda: function is functions.spin_from or not alive(pid))
    assert executor.submit(functions.square, 5).result(20) == 25


def test_options_hold_for_tasks(executor):
    with pytest.raises(workerhost.TaskTimeout):
        executor.options(timeout=0.2).submit(functions.pid_after, 60).result(10)
    assert isinstance(executor.options(priority=1), workerhost.ProcessPoolExecutor)
    with pytest.raises(workerhost.UnknownTask, match="no-such-task"):
        executor.submit("no-such-task").result(10)


def test_one_executor_serves_many_threads(executor):
    results = []

    def some(start):
        results.extend(executor.map(functions.square, range(start, start + 50)))

    threads = [threading.Thread(target=some, args=(i * 50,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [i * i for i in range(400)]


def test_a_callback_may_submit(executor):
    done = threading.Event()

    def chain(future):
        if future.result() < 100:
            executor.submit(functions.power, future.result() + 1, 1).add_done_callback(chain)
        else:
            done.set()

    executor.submit(functions.power, 1, 1).add_done_callback(chain)
    assert done.wait(20)


def test_a_callback_that_exits_keeps_no_other_future_waiting(executor):
    futures = [executor.submit(functions.square, i) for i in range(100)]
    for future in futures[::10]:
        future.add_done_callback(lambda _: sys.exit(4))
    assert not concurrent.futures.wait(futures, 20).not_done
    assert executor.submit(functions.square, 4).result(10) == 16


def test_an_exception_that_exits_when_it_is_pickled_or_read_is_a_failure_like_any_other(executor):
    with pytest.raises(workerhost.TaskFailed):
        executor.submit(functions.fail_unreadably).result(20)
    assert executor.submit(functions.square, 4).result(10) == 16


def test_its_host_may_be_killed(executor, tmp_path):
    once = executor.submit(functions.meet, str(tmp_path / "once"), str(tmp_path / "there"))
    twice = executor.options(idempotent=True).submit(functions.meet, str(tmp_path / "twice"), str(tmp_path / "there"))
    until(lambda: (tmp_path / "once").exists() and (tmp_path / "twice").exists())
    with open(executor._host._directory + "/endpoint.json") as file:
        os.kill(json.load(file)["pid"], signal.SIGKILL)
    (tmp_path / "there").touch()
    with pytest.raises(workerhost.WorkerLost, match="the host was restarted"):
        once.result(30)
    assert twice.result(30) > 0
    assert executor.submit(functions.initialized).result(30) == "ready"


@pytest.mark.slow
def test_a_task_may_have_a_pool_of_its_own(executor):
    assert executor.submit(functions.pool_in_a_worker).result(60) == [0, 1, 4]


def test_event_loops_run_in_it(executor):
    async def program():
        return await asyncio.get_running_loop().run_in_executor(executor, functions.square, 12)

    assert asyncio.run(program()) == 144


def test_shutdown_may_cancel_what_has_not_begun(tmp_path):
    executor = workerhost.ProcessPoolExecutor(1, max_tasks_per_child=2)
    try:
        first = [executor.submit(functions.pid) for _ in range(6)]
        pids = [f.result(60) for f in first]
        # Each served two.
        assert [pids.count(pid) for pid in pids] == [2] * 6
        running = executor.submit(functions.meet, str(tmp_path / "here"), str(tmp_path / "there"))
        until(lambda: (tmp_path / "here").exists())
        waiting = [executor.submit(functions.square, i) for i in range(50)]
        executor.shutdown(wait=False, cancel_futures=True)
        assert sum(f.cancelled() for f in waiting) >= 45
        (tmp_path / "there").touch()
        assert running.result(20) > 0
    finally:
        executor.shutdown()
    assert all(f.done() for f in waiting)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(functions.square, 1)


@pytest.mark.parametrize("how", ["kill", pytest.param("terminate", marks=pytest.mark.slow)])
def test_its_workers_may_be_ended_and_the_executor_with_them(tmp_path, how):
    executor = workerhost.ProcessPoolExecutor(1)
    here, there = tmp_path / "here", tmp_path / "there"
    running = executor.options(idempotent=True).submit(functions.spin_until_stopped, str(here), str(there))
    waiting = [executor.submit(functions.square, i) for i in range(200)]
    pid = int(until(lambda: here.exists() and here.read_text()))
    (executor.kill_workers if how == "kill" else executor.terminate_workers)()
    with pytest.raises(concurrent.futures.BrokenExecutor, match=f"{how}_workers.. has ended the workers") as caught:
        running.result(0)
    assert isinstance(caught.value, workerhost.WorkerLost)
    assert all(f.done() for f in waiting) and sum(f.cancelled() for f in waiting) > 150
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(functions.square, 1)
    until(lambda: not alive(pid), 5)
    assert there.exists() == (how == "terminate")
    executor.shutdown()
    assert not os.path.exists(executor._host._directory)
    executor.kill_workers()


def test_a_fork_of_the_program_cannot_use_it_and_does_not_harm_it(executor, tmp_path):
    running = executor.submit(functions.meet, str(tmp_path / "here"), str(tmp_path / "there"))
    running.add_done_callback(lambda _: open(tmp_path / str(os.getpid()), "w").close())
    until(lambda: (tmp_path / "here").exists())
    own, directory = os.getpid(), executor._host._directory
    assert f"a fork of process {own}" in in_a_fork(lambda: executor.submit(functions.square, 1))
    # As locked as another thread may have left it.
    with executor._connection._wake:
        assert f"a fork of process {own}" in in_a_fork(lambda: executor.submit(functions.square, 1))
    assert "does not end here" in in_a_fork(running.result)
    assert in_a_fork(lambda: (executor.shutdown(), executor.__exit__(None, None, None))) == "(None, False)"
    assert "which has the workers" in in_a_fork(executor.kill_workers)
    (tmp_path / "there").touch()
    assert running.result(10) > 0
    until(lambda: (tmp_path / str(own)).exists())
    assert len(list(tmp_path.iterdir())) == 3
    assert executor._host._directory == directory and os.path.exists(directory)


def test_bad_arguments_are_refused_at_once():
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="max_workers"):
            workerhost.ProcessPoolExecutor(wrong)
    with pytest.raises(TypeError, match="callable"):
        workerhost.ProcessPoolExecutor(initializer=3)
    with pytest.raises(ValueError, match="max_tasks_per_child"):
        workerhost.ProcessPoolExecutor(max_tasks_per_child=0)
    with pytest.raises(workerhost.BadInput, match="initializer"):
        workerhost.ProcessPoolExecutor(initializer=lambda: None)


def test_without_a_host_it_says_where_one_was_looked_for(monkeypatch):
    monkeypatch.setenv("WORKERHOST_COMMAND", "/no/such/workerhost")
    with pytest.raises(workerhost.HostNotFound, match="WORKERHOST_COMMAND"):
        workerhost.ProcessPoolExecutor()
    monkeypatch.setenv("WORKERHOST_COMMAND", "false")
    with workerhost.ProcessPoolExecutor() as executor:
        with pytest.raises(workerhost.HostNotFound, match="exit code 1"):
            executor.submit(functions.square, 1).result(20)


@pytest.mark.slow
def test_an_initializer_that_fails_is_told_to_whoever_waits():
    with workerhost.ProcessPoolExecutor(1, initializer=functions.cannot_begin) as executor:
        with pytest.raises(workerhost.NoWorkers, match="the model is not there"):
            executor.submit(functions.square, 1).result(60)


@pytest.mark.slow
def test_a_program_without_its_main_guard_is_told_so(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import workerhost\nexecutor = workerhost.ProcessPoolExecutor(1)\nprint(executor.submit(pow, 2, 3).result())\n")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "bootstrapping phase" in done.stderr and "NoWorkers" in done.stderr


PROGRAM = """
import json, os, sys, functions, workerhost
if __name__ == "__main__":
    executor = workerhost.ProcessPoolExecutor(2)
    for i in range(2):
        executor.submit(functions.block_from, f"{sys.argv[1]}/{i}", 600)
    executor.submit(functions.square, 1)
    while not all(os.path.exists(f"{sys.argv[1]}/{i}") for i in range(2)):
        pass
    host = executor._host
    endpoint = json.load(open(host._directory + "/endpoint.json"))
    print(json.dumps({"directory": host._directory, "pids": [host._process.pid, endpoint["pid"]]}), flush=True)
    sys.stdin.read()
"""


def _spare(directory):
    """The pid of the idle worker that is started and ready."""

    def found():
        said = subprocess.run([sidecar(), "workers", "--output", "json", "--endpoint-file", f"{directory}/endpoint.json"], capture_output=True, text=True, timeout=20)
        return [worker["pid"] for worker in json.loads(said.stdout)["workers"] if worker["spare"] and worker["state"] == "WORKER_STATE_READY"]

    return until(found)[0]


@pytest.mark.scenario("45")
@pytest.mark.parametrize("spare", ["as it is", pytest.param("stopped", marks=pytest.mark.slow)])
def test_nothing_survives_kill_9_of_the_program(tmp_path, spare):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((os.path.dirname(functions.__file__), os.environ["PYTHONPATH"]))}
    process = subprocess.Popen([sys.executable, program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    facts = json.loads(process.stdout.readline())
    pids = facts["pids"] + [int((tmp_path / str(i)).read_text()) for i in range(2)]
    if spare == "stopped":
        pids.append(_spare(facts["directory"]))
        os.kill(pids[-1], signal.SIGSTOP)
    assert all(alive(pid) for pid in pids)
    process.send_signal(signal.SIGKILL)
    process.wait()
    began = time.monotonic()
    until(lambda: not any(alive(pid) for pid in pids) and not os.path.exists(facts["directory"]))
    assert time.monotonic() - began < 10
    process.stdin.close()
    process.stdout.close()


@pytest.mark.slow
def test_shutdown_does_not_wait_long_for_a_worker_that_is_stopped():
    executor = workerhost.ProcessPoolExecutor(2)
    executor.submit(functions.square, 1).result(60)
    spare = _spare(executor._host._directory)
    os.kill(spare, signal.SIGSTOP)
    began = time.monotonic()
    executor.shutdown()
    assert time.monotonic() - began < 10 and not alive(spare)


def test_ctrl_c_stops_what_runs(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("""
import sys, functions, workerhost
if __name__ == "__main__":
    with workerhost.ProcessPoolExecutor(1) as executor:
        futures = [executor.submit(functions.spin_from, f"{sys.argv[1]}/{i}") for i in range(20)]
        futures[0].result()
""")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((os.path.dirname(functions.__file__), os.environ["PYTHONPATH"]))}
    with subprocess.Popen([sys.executable, program, tmp_path], stderr=subprocess.PIPE, text=True, env=environment) as process:
        pid = int(until(lambda: (tmp_path / "0").exists() and (tmp_path / "0").read_text()))
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=20)[1]
    assert not alive(pid) and not (tmp_path / "1").exists()


def test_a_program_that_ends_without_shutdown_finishes_its_work(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("""
import functions, workerhost
if __name__ == "__main__":
    executor = workerhost.ProcessPoolExecutor(1)
    executor.submit(functions.say, "hello")
""")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((os.path.dirname(functions.__file__), os.environ["PYTHONPATH"]))}
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "and hello\n")
