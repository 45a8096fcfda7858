"""Process pools from Python: what src/docs/python.md shows."""

import os
import signal
import sys

from workerhost import ProcessPoolExecutor, TaskTimeout, WorkerLost


def square(number):
    return number * number


def crash(path):
    if not os.path.exists(path):
        open(path, "w").close()
        os.kill(os.getpid(), signal.SIGSEGV)
    return "the second attempt"


def endless():
    while True:
        pass


def main(directory):
    with ProcessPoolExecutor(max_workers=2) as executor:
        print(list(executor.map(square, range(10))))

        try:
            executor.submit(crash, f"{directory}/first").result()
        except WorkerLost as lost:
            print("lost:", lost.deaths[-1].signal)

        careful = executor.options(idempotent=True, timeout=30)
        print(careful.submit(crash, f"{directory}/second").result())

        future = executor.submit(endless)
        future.cancel()

        try:
            executor.options(timeout=0.5).submit(endless).result()
        except TaskTimeout as late:
            print("late:", late)


if __name__ == "__main__":
    main(sys.argv[1])
