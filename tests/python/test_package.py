"""The package itself."""

import ast
import re
import subprocess
import sys

import workerhost
from conftest import ROOT


def test_its_version_is_that_of_the_dotnet_packages():
    assert workerhost.__version__ == re.search("<Version>(.+)</Version>", (ROOT / "Directory.Build.props").read_text())[1]


def test_asyncio_is_there_without_an_import_of_its_own():
    subprocess.run([sys.executable, "-c", "import workerhost; workerhost.aio.connect"], check=True)


def test_its_grammar_is_that_of_the_oldest_python_it_takes():
    package = ROOT / "src/clients/python"
    oldest = tuple(map(int, re.search(r'requires-python = ">=(\d+)\.(\d+)"', (package / "pyproject.toml").read_text()).groups()))
    files = list(package.glob("workerhost/**/*.py"))
    assert files
    for file in files:
        ast.parse(file.read_text(), str(file), feature_version=oldest)
