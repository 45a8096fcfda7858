from multiprocessing import Process
import multiprocessing
import os
import sys


def work(number, queue):
    print("working on", number, flush=True)
    queue.put((number * number, os.getpid()))


def leave(code):
    sys.exit(code)


def fail():
    raise ValueError("no luck")


if __name__ == "__main__":
    queue = multiprocessing.get_context("spawn").SimpleQueue()
    processes = [Process(target=work, args=(3, queue)), Process(target=leave, args=(3,)), Process(target=fail, name="failing")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print([process.exitcode for process in processes], [process.is_alive() for process in processes])
    square, pid = queue.get()
    print(square, pid == processes[0].pid, pid != os.getpid(), processes[2].name)
