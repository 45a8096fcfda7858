"""CPython's ProcessPoolExecutor under the same load: echo 8 bytes, one submit per task, so many in flight.

Told what to do on stdin, a line at a time, so that its rounds can alternate with those of other contenders:
    round SECONDS IN_FLIGHT   ->  {"tasks": N, "seconds": S}
    pids                      ->  {"pids": [...]}
"""

import collections
import concurrent.futures
import json
import os
import sys
import time


def echo(data):
    return data


def pid(_):
    time.sleep(0.05)
    return os.getpid()


def run(pool, seconds, in_flight):
    data = b"8 bytes!"
    waiting = collections.deque()
    tasks = 0
    started = time.perf_counter()
    end = started + seconds
    while time.perf_counter() < end:
        while len(waiting) < in_flight:
            waiting.append(pool.submit(echo, data))
        if waiting.popleft().result() != data:
            raise SystemExit("the echo is not what was said")
        tasks += 1
    for future in waiting:
        future.result()
        tasks += 1
    return {"tasks": tasks, "seconds": time.perf_counter() - started}


def main():
    workers = int(sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        for line in sys.stdin:
            verb, *arguments = line.split()
            if verb == "round":
                answer = run(pool, float(arguments[0]), int(arguments[1]))
            else:
                answer = {"pids": sorted(set(pool.map(pid, range(4 * workers))))}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
