"""Many tasks while workers are killed, beside the pools of the standard library."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
import storm


@pytest.mark.slow
@pytest.mark.scenario("14")
def test_no_idempotent_task_is_lost_where_the_standard_pools_lose_most():
    found = {kind: run(kind) for kind in ("workerhost", "standard", "pool")}
    for kind, figures in found.items():
        print(f"{kind}: {figures['succeeded']} of {storm.TASKS} succeeded, {figures['ended']} ended, {figures['kills']} kills, {figures['seconds']:.1f} s")
    assert found["workerhost"]["succeeded"] == storm.TASKS
    assert found["workerhost"]["kills"] > 0
    assert found["standard"]["succeeded"] < storm.TASKS


def run(kind):
    process = subprocess.Popen(
        [sys.executable, pathlib.Path(storm.__file__), kind], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        out, error = process.communicate(timeout=150)
    finally:
        # What a pool that was abandoned has left.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert process.returncode in (0, -signal.SIGKILL), error
    return json.loads(out)
