"""workerhost.ThreadPoolExecutor, Thread and Process."""

import concurrent.futures
import os
import random
import signal
import subprocess
import sys
import threading
import time

import functions
import pytest
from hosts import alive, in_a_fork, until

import workerhost


def spin(begun):
    begun.set()
    while True:
        pass


def test_a_task_in_a_thread_can_be_stopped_while_it_runs():
    with workerhost.ThreadPoolExecutor(1) as executor:
        begun = threading.Event()
        future = executor.submit(spin, begun)
        assert begun.wait(5) and future.running()
        assert future.cancel() and future.cancelled()
        # The same thread goes on, and what runs there next meets nothing.
        assert executor.submit(lambda: sum(range(1000))).result(5) == 499500
        assert concurrent.futures.wait([future], timeout=5).done == {future}


def test_time_limits_hold_in_a_fork_of_the_program_as_well():
    def limited():
        return workerhost.ThreadPoolExecutor(1).options(timeout=0.05).submit(spin, threading.Event()).exception(5)

    assert isinstance(limited(), workerhost.TaskTimeout)
    assert "TaskTimeout" in in_a_fork(limited)


def test_a_time_limit_ends_a_task_in_a_thread():
    with workerhost.ThreadPoolExecutor(1) as executor:
        begun, never = threading.Event(), threading.Event()
        late = executor.options(timeout=0.1).submit(spin, begun)
        queued = executor.options(timeout=0.05).submit(never.set)
        with pytest.raises(workerhost.TaskTimeout):
            late.result(5)
        with pytest.raises(TimeoutError):
            queued.result(5)
        assert executor.submit(lambda: 7).result(5) == 7
        assert not never.is_set()
    with pytest.raises(workerhost.BadInput, match="timeout is 0"):
        executor.options(timeout=0)


@pytest.mark.scenario("36")
def test_a_stop_at_any_moment_meets_only_its_own_task():
    chance = random.Random(4711)
    began = []

    def short():
        began.append(True)
        return functions.work_for(1)

    ended = stopped = rounds = 0
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with workerhost.ThreadPoolExecutor(1) as executor:
            # Until it has met many that ran, and many that had just ended.
            while ended < 50 or stopped < 50 or rounds < 300:
                rounds += 1
                assert rounds < 5_000
                began.clear()
                future = executor.submit(short)
                time.sleep(chance.uniform(0, 0.002))
                if not future.cancel():
                    ended += 1
                elif began:
                    stopped += 1
                # In the same thread, right behind it.
                assert executor.submit(functions.work_for, 0.02).result(5) == os.getpid()
    finally:
        sys.setswitchinterval(before)


def test_a_stop_that_comes_late_meets_nobody():
    with workerhost.ThreadPoolExecutor(1) as executor:
        past = executor.submit(functions.square, 3)
        assert past.result(5) == 9
        begun, go = threading.Event(), threading.Event()
        next_one = executor.submit(lambda: (begun.set(), go.wait(5), functions.work_for(1)))
        assert begun.wait(5)
        past._run.stop()
        go.set()
        assert next_one.result(5)[2] == os.getpid()


def test_finally_blocks_run_and_except_exception_does_not_hold_a_stop_back():
    left, begun = threading.Event(), threading.Event()

    def stubborn():
        try:
            while True:
                try:
                    begun.set()
                    while True:
                        pass
                except Exception:
                    pass
        finally:
            left.set()

    with workerhost.ThreadPoolExecutor(1) as executor:
        future = executor.submit(stubborn)
        assert begun.wait(5) and future.cancel() and left.wait(5)


def test_a_thread_says_how_it_ended():
    begun = threading.Event()
    thread = workerhost.Thread(target=spin, args=(begun,), name="spinning")
    thread.start()
    assert begun.wait(5) and thread.is_alive() and thread.exitcode is None
    thread.terminate()
    thread.join(5)
    assert not thread.is_alive() and thread.exitcode == -15
    for target, args, code in ((functions.square, (2,), 0), (functions.leave, (3,), 3)):
        thread = workerhost.Thread(target=target, args=args)
        thread.start()
        thread.join(5)
        assert thread.exitcode == code


def test_a_process_has_an_exit_code_and_can_be_ended(tmp_path):
    leaving = workerhost.Process(target=functions.leave, args=(3,))
    spinning = workerhost.Process(target=functions.spin_from, args=(str(tmp_path / "here"),))
    for process in (leaving, spinning):
        process.start()
    leaving.join(10)
    assert leaving.exitcode == 3 and leaving.signal is None
    until(lambda: (tmp_path / "here").exists())
    assert spinning.is_alive() and spinning.exitcode is None
    spinning.kill()
    spinning.join(10)
    assert spinning.exitcode == -9 and spinning.signal == "SIGKILL" and not spinning.is_alive()


@pytest.mark.scenario("45")
def test_a_process_does_not_outlive_its_program(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("""
import sys, threading, functions, workerhost
if __name__ == "__main__":
    process = workerhost.Process(target=functions.block_from, args=(sys.argv[1], 600))
    # It lives on when the thread that has asked for it is gone.
    thread = threading.Thread(target=process.start)
    thread.start()
    thread.join()
    print(process.pid, flush=True)
    sys.stdin.read()
""")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((os.path.dirname(functions.__file__), os.environ["PYTHONPATH"]))}
    with subprocess.Popen([sys.executable, program, tmp_path / "here"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        pid = int(parent.stdout.readline())
        until(lambda: (tmp_path / "here").exists())
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        until(lambda: not alive(pid), 5)
