"""Every public name of threading, multiprocessing and concurrent.futures, a line each; parameters in brackets."""
import concurrent.futures as futures
import inspect
import multiprocessing
import multiprocessing.pool
import threading


def members(prefix, kind):
    for name in dir(kind):
        if not name.startswith("_"):
            print(f"{prefix}.{name}")


def parameters(prefix, function):
    for name, parameter in inspect.signature(function).parameters.items():
        if name != "self" and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            print(f"{prefix}({name})")


for module, names in (("threading", threading.__all__), ("multiprocessing", multiprocessing.__all__), ("concurrent.futures", futures.__all__)):
    for name in names:
        print(f"{module}.{name}")

members("threading.Thread", threading.Thread)
members("multiprocessing.Process", multiprocessing.Process)
members("multiprocessing.Pool", multiprocessing.pool.Pool)
members("multiprocessing.pool.AsyncResult", multiprocessing.pool.AsyncResult)
members("concurrent.futures.Executor", futures.Executor)
members("concurrent.futures.Future", futures.Future)
parameters("threading.Thread", threading.Thread.__init__)
parameters("multiprocessing.Process", multiprocessing.Process.__init__)
parameters("multiprocessing.Pool", multiprocessing.pool.Pool.__init__)
parameters("concurrent.futures.ThreadPoolExecutor", futures.ThreadPoolExecutor.__init__)
parameters("concurrent.futures.ProcessPoolExecutor", futures.ProcessPoolExecutor.__init__)
