"""The wheel, installed where nothing of the repository is."""

import os
import subprocess
import sys
import venv

import pytest
from conftest import PACKAGE
from hosts import sidecar


@pytest.mark.slow
def test_it_is_built_and_works_in_a_fresh_environment(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, PACKAGE], check=True, env=clean, capture_output=True)
    wheel, = tmp_path.glob("workerhost-*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    venv.create(tmp_path / "venv", system_site_packages=True, with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-index", wheel], check=True, env=clean, capture_output=True)
    program = tmp_path / "program.py"
    program.write_text("""
from workerhost import ProcessPoolExecutor
import importlib.metadata
import workerhost

if __name__ == "__main__":
    print(workerhost.__file__, importlib.metadata.version("workerhost"))
    with ProcessPoolExecutor(1) as executor:
        print(executor.submit(pow, 2, 10).result())
""")
    done = subprocess.run([python, program], capture_output=True, text=True, timeout=60, cwd=tmp_path, env={**clean, "WORKERHOST_COMMAND": sidecar()})
    assert done.returncode == 0, done.stderr
    where, version, result = done.stdout.split()
    assert where.startswith(str(tmp_path / "venv")) and version == wheel.name.split("-")[1] and result == "1024"
