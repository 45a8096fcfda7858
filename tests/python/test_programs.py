"""Programs of the Python tutorial and of CPython's documentation, as they are and with only the import changed."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

PROGRAMS = ROOT / "tests" / "python" / "programs"
CHANGED = re.compile(r"^from (?:threading|multiprocessing|concurrent\.futures) import (Thread|Process|ThreadPoolExecutor|ProcessPoolExecutor)$", re.M)


@pytest.mark.parametrize("name", ["threads", "processes", "pool"])
def test_it_does_the_same_with_only_the_import_changed(name, tmp_path):
    standard = PROGRAMS / f"{name}.py"
    ours = tmp_path / standard.name
    text, imports = CHANGED.subn(r"from workerhost import \1", standard.read_text())
    assert imports == (2 if name == "threads" else 1)
    ours.write_text(text)
    outputs = [subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60) for program in (standard, ours)]
    assert outputs[1].returncode == 0, outputs[1].stderr
    assert outputs[1].stdout == outputs[0].stdout
    # Tracebacks of processes, and nothing of our own.
    assert [line for line in outputs[1].stderr.splitlines() if "Error" in line] == [line for line in outputs[0].stderr.splitlines() if "Error" in line]
    assert "workerhost" not in outputs[1].stderr.replace(str(ROOT), "")
