"""src/docs/python.md: its code stands in src/samples/python and runs."""

import re
import subprocess
import sys

from conftest import ROOT
from hosts import Host, test_worker as worker_program

SAMPLES = ROOT / "src" / "samples" / "python"


def test_every_piece_of_code_stands_in_a_sample():
    sources = [path.read_text() for path in SAMPLES.glob("*.py")]
    pieces = re.findall(r"^```python\n(.+?)^```$", (ROOT / "src" / "docs" / "python.md").read_text(), re.M | re.S)
    assert len(pieces) >= 5
    for piece in pieces:
        assert any(piece in source for source in sources), piece


def test_the_samples_do_what_the_page_says(tmp_path):
    host = Host({"p": {"command": {"fileName": worker_program()}, "workers": 1}})
    try:
        said = subprocess.run([sys.executable, SAMPLES / "client.py", host.address], capture_output=True, text=True, timeout=60)
        assert said.returncode == 0, said.stderr
        assert said.stdout == "42\n[1, 2, 3, 4, 5]\nitem 0\nitem 1\nitem 2\nSystem.InvalidOperationException no luck\n42\nitem 0\nitem 1\nitem 2\n"
    finally:
        host.close()
    said = subprocess.run([sys.executable, SAMPLES / "pool.py", tmp_path], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    assert re.fullmatch(r"\[0, 1, 4, 9, 16, 25, 36, 49, 64, 81\]\nlost: SIGSEGV\nthe second attempt\nlate: .+\n", said.stdout), said.stdout
