"""What all Python tests share. They run with Debian's python3 and grpcio, against the built sidecar.

    bash tests/run python                              as part of the suite
    /usr/bin/python3 -m pytest tests/python            alone, after a build; -m slow: the slow ones
"""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "clients" / "python"

subprocess.run([sys.executable, str(PACKAGE / "generate")], check=True)
sys.path.insert(0, str(PACKAGE))

# For the programs that tests start.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes longer than 2 s; runs with -m slow, or in tests/run --slow")
    config.addinivalue_line("markers", "scenario(number): shows this scenario")


def pytest_collection_modifyitems(config, items):
    chosen = os.environ.get("WORKERHOST_TEST_FILTER")
    slow_too = os.environ.get("WORKERHOST_TEST_SLOW") == "1" or config.option.markexpr
    kept, dropped = [], []
    for item in items:
        for mark in item.iter_markers("scenario"):
            item.user_properties.extend(("scenario", str(number)) for number in mark.args)
        name = item.nodeid.replace(".py::", ".").replace("/", ".").replace("::", ".")
        wanted = (slow_too or not item.get_closest_marker("slow")) and (not chosen or chosen in name)
        (kept if wanted else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_sessionfinish(session, exitstatus):
    # Nothing to run is no failure, where a filter has left nothing.
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK
