"""Functions of the program that started the worker, by pickle."""

import json
import operator
import os
import pickle
import sys
import types

import pytest

import functions_main
from launched import HERE, LaunchedWorker, Session
from workerhost.v1 import failure_pb2

PICKLE = "application/x-python-pickle"


def launched(folder, initializer=(), **line):
    """As the program itself would start it."""
    main = {"name": "test", "sys_path": sys.path, "sys_argv": ["the-program", "an argument"], "orig_dir": str(HERE), "dir": str(folder),
            "init_main_from_path": str(HERE / "functions_main.py")}
    (folder / "init").write_bytes(pickle.dumps(initializer) if initializer else pickle.dumps((None, ())))
    (folder / "printed").touch()
    with open(folder / "printed", "a") as printed:
        return LaunchedWorker(
            "-m", "workerhost.worker", "--functions", environment={
                "WORKERHOST_PYTHON_MAIN": json.dumps(main), "WORKERHOST_PYTHON_INIT": str(folder / "init"),
                "WORKERHOST_PYTHON_STDOUT": f"/proc/{os.getpid()}/fd/{os.dup(printed.fileno())}"}, **line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("functions")


@pytest.fixture(scope="module")
def session(folder):
    # Their pickles name __main__, as those of a program do.
    main = types.ModuleType("__mp_main__")
    main.__dict__.update({name: value for name, value in vars(functions_main).items() if not name.startswith("__")})
    sys.modules["__mp_main__"] = main
    for value in list(vars(main).values()):
        if getattr(value, "__module__", "") == "functions_main":
            value.__module__ = "__mp_main__"
    with launched(folder, (operator.setitem, ({}, "a", 1))) as worker:
        yield Session(worker).open()


def call(session, function, *arguments, **keywords):
    data = pickle.dumps((function, arguments, keywords), protocol=5)
    return session.outcome(session.submit("python.call", data=data, content_type=PICKLE))


def test_functions_of_modules_and_of_the_program_s_own_file_are_found(session):
    answer = call(session, operator.add, 20, 22)
    assert (pickle.loads(answer.data), answer.content_type) == (42, PICKLE)
    tree = pickle.loads(call(session, functions_main.grown, functions_main.Tree()).data)
    assert len(tree.children) == 2 and type(tree.children[0]).__name__ == "Tree"


def test_the_worker_stands_where_the_program_stands(session, folder):
    state, directory, arguments = pickle.loads(call(session, functions_main.initialized).data)
    assert (directory, arguments) == (str(folder), ["the-program", "an argument"])


def test_what_it_prints_appears_where_the_program_s_own_output_does(session, folder):
    call(session, functions_main.says, "no line")
    printed = (folder / "printed").read_text()
    assert printed.startswith("imported as __mp_main__\n") and printed.endswith("no line") and "never" not in printed


def test_an_exception_comes_back_as_it_is_with_the_text_of_its_traceback(session):
    error = call(session, functions_main.raises, "wrong").failure.error
    raised = pickle.loads(error.data)
    assert (error.content_type, type(raised), raised.args) == (PICKLE, ValueError, ("wrong",))
    assert "KeyError: 'behind'" in error.stack_trace and "functions_main.py" in error.stack_trace and "workerhost/worker" not in error.stack_trace
    assert error.cause.type == "KeyError"


def test_one_that_cannot_be_unpickled_has_its_texts(session):
    error = call(session, functions_main.raises, "odd").failure.error
    assert (error.type, error.message) == ("__mp_main__.Odd", "1 and 2")


def test_sys_exit_is_an_exception_like_any_other(session):
    error = call(session, functions_main.leaves).failure.error
    assert isinstance(pickle.loads(error.data), SystemExit)


def test_a_result_that_cannot_be_pickled_is_a_failure_and_the_worker_lives(session):
    failure = call(session, functions_main.unwritable).failure
    assert failure.kind == failure_pb2.TASK_FAILURE_KIND_TASK_FAILED
    assert "the result, a function, cannot be sent back" in failure.error.message
    assert isinstance(pickle.loads(failure.error.data), pickle.PicklingError)
    assert pickle.loads(call(session, operator.add, 1, 1).data) == 2


def test_a_function_that_is_not_there_is_bad_input(session):
    data = pickle.dumps((functions_main.grown, (), {}), protocol=5).replace(b"grown", b"mowed")
    failure = session.outcome(session.submit("python.call", data=data, content_type=PICKLE)).failure
    assert (failure.kind, failure.never_started) == (failure_pb2.TASK_FAILURE_KIND_BAD_INPUT, True)
    assert "was not found in the worker" in failure.message and "mowed" in failure.message
    failure = session.outcome(session.submit("python.call", data=b"[]")).failure
    assert "it takes application/x-python-pickle" in failure.message


def test_an_exception_too_large_to_travel_has_its_texts(session):
    error = call(session, operator.getitem, {}, "k" * 20_000).failure.error
    assert (error.type, error.data) == ("KeyError", b"")


def test_an_initializer_that_fails_is_a_failed_start_that_says_so(tmp_path):
    worker = launched(tmp_path, (operator.truediv, (1, 0)))
    try:
        code, words = worker.ended()
        assert code == 70 and "the initializer failed: ZeroDivisionError: division by zero" in words.splitlines()[-1]
        assert "Traceback" in words
    finally:
        worker.__exit__()


def test_without_the_word_nobody_s_pickle_is_read(tmp_path):
    with LaunchedWorker() as worker:
        failure = call(Session(worker).open(), os.system, f"touch {tmp_path / 'touched'}").failure
        assert failure.kind == failure_pb2.TASK_FAILURE_KIND_UNKNOWN_TASK
        assert not (tmp_path / "touched").exists()
