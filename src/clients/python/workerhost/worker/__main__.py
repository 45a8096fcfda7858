"""python -m workerhost.worker MODULE… [--functions]

MODULE is imported, and has the tasks of the worker (@worker.task). --functions runs any function that the program which started this worker
sends it: for that program's own pool, never for others.
"""

import argparse
import importlib
import os
import sys

from . import _launch, _process
from ._tasks import tasks


def main():
    arguments = sys.argv[1:]
    # What the supervisor puts at the end, for ps and pgrep.
    if len(arguments) >= 2 and arguments[-2] == _launch.ARGUMENT:
        del arguments[-2:]
    parser = argparse.ArgumentParser(prog="python -m workerhost.worker", description="Runs the tasks of MODULE for a WorkerHost supervisor.")
    parser.add_argument("module", nargs="*", metavar="MODULE", help="a module with @worker.task functions, as import names it")
    parser.add_argument("--functions", action="store_true", help="run functions that the supervisor's own program sends, by pickle; never where others can submit tasks")
    options = parser.parse_args(arguments)
    if not options.module and not options.functions:
        parser.error("name a module with tasks")
    # As `python my_module.py` would find it.
    if "" not in sys.path:
        sys.path.insert(0, os.getcwd())

    def prepare():
        for module in options.module:
            importlib.import_module(module)
        if options.functions:
            from . import _functions
            _functions.register()

    if not _launch.is_supervised():
        prepare()
        _launch.explain(" ".join(["python -m workerhost.worker", *options.module]), tasks.names)
        return _launch.NOT_SUPERVISED
    return _process.run(prepare)


if __name__ == "__main__":
    sys.exit(main())
