"""The package itself."""

import re

import workerhost
from conftest import ROOT


def test_its_version_is_that_of_the_dotnet_packages():
    assert workerhost.__version__ == re.search("<Version>(.+)</Version>", (ROOT / "Directory.Build.props").read_text())[1]
