"""2000 tasks of 2 ms while a random worker is killed every half second, with one kind of pool: setsid storm.py workerhost|standard|pool.

Prints what became of them as JSON, and then simply ends: a multiprocessing.Pool whose workers were killed may not even be terminated.
"""

import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import random
import signal
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "src" / "clients" / "python")]

import functions  # noqa: E402

TASKS, MILLISECONDS, PAUSE, PATIENCE = 2000, 2, 0.5, 20.0


class Killer:
    """Kills one of the processes that run tasks, every half second."""

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
                try:
                    os.kill(chance.choice(pids), signal.SIGKILL)
                    self.kills += 1
                except ProcessLookupError:
                    pass


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
        if line[0].rpartition(b"/")[2].startswith(b"python") and b"workerhost.worker" in line:
            found.append(child)
        found += workers_below(child)
    return found


def run_futures(executor, submit, pids_of):
    executor.submit(functions.pid).result(60)
    with Killer(pids_of) as killer:
        began, futures = time.monotonic(), []
        try:
            for _ in range(TASKS):
                futures.append(submit(functions.work_for, MILLISECONDS))
        except concurrent.futures.BrokenExecutor:
            pass
        ended = concurrent.futures.wait(futures, timeout=PATIENCE * 5).done
        seconds = time.monotonic() - began
    return sum(1 for f in ended if f.exception() is None), len(ended) + TASKS - len(futures), killer.kills, seconds


def run_pool(pool):
    pool.apply(functions.pid)
    with Killer(lambda: [worker.pid for worker in pool._pool if worker.is_alive()]) as killer:
        began = time.monotonic()
        results = [pool.apply_async(functions.work_for, (MILLISECONDS,)) for _ in range(TASKS)]
        while time.monotonic() - began < PATIENCE and not all(result.ready() for result in results):
            time.sleep(0.05)
        seconds = time.monotonic() - began
    ready = [result for result in results if result.ready()]
    return sum(1 for result in ready if result.successful()), len(ready), killer.kills, seconds


def main(kind):
    context = multiprocessing.get_context("spawn")
    if kind == "workerhost":
        import workerhost

        with workerhost.ProcessPoolExecutor(2) as executor:
            outcome = run_futures(executor, executor.options(idempotent=True).submit, lambda: workers_below(executor._host._process.pid))
    elif kind == "standard":
        executor = concurrent.futures.ProcessPoolExecutor(2, mp_context=context)
        outcome = run_futures(executor, executor.submit, lambda: list(executor._processes or {}))
    else:
        outcome = run_pool(context.Pool(2))
    print(json.dumps(dict(zip(("succeeded", "ended", "kills", "seconds"), outcome))), flush=True)
    if kind != "workerhost":
        # With the workers that it has left.
        os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
