"""python -m workerhost.worker MODULE… [--functions]

MODULE is imported, and has the tasks of the worker (@worker.task). --functions runs any function that the program which started this worker
sends it: for that program's own pool, never for others.
"""

import argparse
import importlib
import os
import sys
import traceback

from . import _launch, _process
from ._tasks import tasks


COMMAND = "python -m workerhost.worker"


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        if _launch.is_supervised():
            self.exit(_launch.CANNOT_SERVE, f"workerhost.worker: cannot serve: {message}\n")
        sys.exit(_by_hand([], message))


def main():
    arguments = sys.argv[1:]
    # What the supervisor puts at the end, for ps and pgrep.
    if len(arguments) >= 2 and arguments[-2] == _launch.ARGUMENT:
        del arguments[-2:]
    parser = _Parser(prog=COMMAND, description="Runs the tasks of MODULE for a WorkerHost supervisor.")
    parser.add_argument("module", nargs="*", metavar="MODULE", help="a module with @worker.task functions, as import names it")
    parser.add_argument("--functions", action="store_true", help="run functions that the supervisor's own program sends, by pickle; never where others can submit tasks")
    options = parser.parse_args(arguments)
    if not options.module and not options.functions:
        parser.error(f"name a module with tasks: {COMMAND} MODULE")
    # As `python my_module.py` would find it.
    if "" not in sys.path:
        sys.path.insert(0, os.getcwd())

    def prepare():
        for module in options.module:
            importlib.import_module(module)
        if options.functions:
            from . import _functions
            _functions.register()

    if _launch.is_supervised():
        return _process.run(prepare)
    try:
        prepare()
    except Exception as error:
        if not (isinstance(error, ModuleNotFoundError) and error.name in options.module):
            # Somewhere in it: the place is what helps.
            traceback.print_exc()
        return _by_hand(options.module, f"it cannot be imported: {type(error).__name__}: {error}")
    return _by_hand(options.module)


def _by_hand(modules, problem=None):
    _launch.explain(" ".join([COMMAND, *modules]), tasks.names, problem)
    return _launch.NOT_SUPERVISED


if __name__ == "__main__":
    sys.exit(main())
