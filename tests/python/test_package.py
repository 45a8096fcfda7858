"""The package itself."""

import re
import subprocess
import sys

import workerhost
from conftest import ROOT


def test_its_version_is_that_of_the_dotnet_packages():
    assert workerhost.__version__ == re.search("<Version>(.+)</Version>", (ROOT / "Directory.Build.props").read_text())[1]


def test_asyncio_is_there_without_an_import_of_its_own():
    subprocess.run([sys.executable, "-c", "import workerhost; workerhost.aio.connect"], check=True)
