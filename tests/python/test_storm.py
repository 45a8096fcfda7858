"""Many tasks while workers are killed, beside the pools of the standard library."""

import concurrent.futures
import multiprocessing
import os
import random
import signal
import threading
import time

import functions
import pytest

import workerhost

TASKS, MILLISECONDS, PAUSE = 2000, 2, 0.5


class Killer:
    """Kills one of the processes that have run tasks, every half second."""

    def __init__(self, pids_of):
        self._pids_of, self._over, self.kills = pids_of, threading.Event(), 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        chance = random.Random(4711)
        while not self._over.wait(PAUSE):
            pids = self._pids_of()
            if pids:
                os.kill(chance.choice(pids), signal.SIGKILL)
                self.kills += 1


def children(of):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    state, parent = stat.read().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == of and state not in "ZX":
                found.append(int(entry))
    return found


def workers_below(pid):
    """Python workers of our executor: by their command lines, wherever they are in the tree."""
    found = []
    for child in children(pid):
        try:
            with open(f"/proc/{child}/cmdline", "rb") as file:
                line = file.read().split(b"\0")
        except OSError:
            continue
        if b"workerhost.worker" in line and b"--workerhost-worker" in line and b"-m" in line and b"setpriv" not in line[0]:
            found.append(child)
        found += workers_below(child)
    return found


def count(futures, patience):
    ended = concurrent.futures.wait(futures, timeout=patience).done
    return sum(1 for f in ended if not f.cancelled() and f.exception() is None), len(ended)


@pytest.mark.slow
@pytest.mark.scenario("14")
def test_no_idempotent_task_is_lost_where_the_standard_pools_lose_most():
    with workerhost.ProcessPoolExecutor(2) as executor:
        executor.submit(functions.pid).result(60)
        with Killer(lambda: workers_below(executor._host._process.pid)) as killer:
            began = time.monotonic()
            futures = [executor.options(idempotent=True).submit(functions.work_for, MILLISECONDS) for _ in range(TASKS)]
            succeeded, ended = count(futures, 120)
            seconds, kills = time.monotonic() - began, killer.kills
    print(f"workerhost.ProcessPoolExecutor: {succeeded} of {TASKS} succeeded, {ended} ended, {kills} kills, {seconds:.1f} s")
    assert (succeeded, ended) == (TASKS, TASKS)
    assert kills > 0

    context = multiprocessing.get_context("spawn")
    standard = concurrent.futures.ProcessPoolExecutor(2, mp_context=context)
    standard.submit(functions.pid).result(60)
    futures = []
    with Killer(lambda: list(standard._processes or {})) as killer:
        began = time.monotonic()
        try:
            for _ in range(TASKS):
                futures.append(standard.submit(functions.work_for, MILLISECONDS))
        except concurrent.futures.BrokenExecutor:
            pass
        succeeded, ended = count(futures, 60)
        seconds, kills = time.monotonic() - began, killer.kills
    standard.shutdown()
    print(f"concurrent.futures.ProcessPoolExecutor: {succeeded} of {TASKS} succeeded, {ended} ended, {kills} kills, {seconds:.1f} s")

    pool = context.Pool(2)
    pool.apply(functions.pid)
    with Killer(lambda: [worker.pid for worker in pool._pool if worker.is_alive()]) as killer:
        began = time.monotonic()
        results = [pool.apply_async(functions.work_for, (MILLISECONDS,)) for _ in range(TASKS)]
        end = began + 20
        while time.monotonic() < end and not all(result.ready() for result in results):
            results[-1].wait(0.1)
        succeeded = sum(1 for result in results if result.ready() and result.successful())
        kills = killer.kills
    pool.terminate()
    print(f"multiprocessing.Pool: {succeeded} of {TASKS} succeeded after {time.monotonic() - began:.1f} s, the others are still waited for, {kills} kills")
