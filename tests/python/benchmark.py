"""Tasks per second of workerhost.ProcessPoolExecutor, concurrent.futures.ProcessPoolExecutor and multiprocessing.Pool, in alternating rounds of one run.

    /usr/bin/python3 tests/python/benchmark.py [ROUNDS]

Prints a line per shape and pool: the median over the rounds, and its ratio to the standard ProcessPoolExecutor. All with two workers, of the start method "spawn", tasks
that return at once; "submit" waits for each future of a list, "map" is the pool's own (multiprocessing.Pool and the standard one with the chunk size that is theirs by
default: computed for the first, 1 for the second).
"""

import concurrent.futures
import multiprocessing
import os
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "src" / "clients" / "python")]

import functions  # noqa: E402
import workerhost  # noqa: E402

WORKERS = 2
TASKS = 4000


def submits(pool):
    for future in [pool.submit(functions.nothing, i) for i in range(TASKS)]:
        future.result()


def applies(pool):
    for result in [pool.apply_async(functions.nothing, (i,)) for i in range(TASKS)]:
        result.get()


def maps(pool):
    for _ in pool.map(functions.nothing, range(TASKS)):
        pass


def chunks(pool):
    for _ in pool.map(functions.nothing, range(TASKS), chunksize=64):
        pass


def one_by_one(pool):
    for i in range(TASKS // 10):
        pool.submit(functions.nothing, i).result()


def one_by_one_applied(pool):
    for i in range(TASKS // 10):
        pool.apply(functions.nothing, (i,))


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    context = multiprocessing.get_context("spawn")
    with workerhost.ProcessPoolExecutor(WORKERS) as ours, concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=context) as standard, context.Pool(WORKERS) as pool:
        shapes = {
            "submit": ((ours, submits), (standard, submits), (pool, applies)),
            "map": ((ours, maps), (standard, maps), (pool, maps)),
            "map, chunksize 64": ((ours, chunks), (standard, chunks), (pool, chunks)),
            "one at a time": ((ours, one_by_one), (standard, one_by_one), (pool, one_by_one_applied)),
        }
        rates = {(shape, i): [] for shape in shapes for i in range(3)}
        for turn in range(rounds + 1):
            for shape, sides in shapes.items():
                for i, (side, run) in sorted(enumerate(sides), key=lambda each: (each[0] + turn) % 3):
                    count = TASKS // 10 if shape == "one at a time" else TASKS
                    began = time.perf_counter()
                    run(side)
                    if turn:
                        # The first one warms up.
                        rates[shape, i].append(count / (time.perf_counter() - began))
        print(f"{rounds} rounds, {os.cpu_count()} processors, Python {sys.version.split()[0]}")
        for shape in shapes:
            base = statistics.median(rates[shape, 1])
            for i, name in enumerate(("workerhost.ProcessPoolExecutor", "concurrent.futures.ProcessPoolExecutor", "multiprocessing.Pool")):
                median = statistics.median(rates[shape, i])
                print(f"{shape:<18} {name:<40} {median:>9.0f} tasks/s   {median / base:5.2f} x")


if __name__ == "__main__":
    main()
