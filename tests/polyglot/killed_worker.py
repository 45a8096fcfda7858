"""A worker of a host is killed, and a client without an SDK goes on.

    killed_worker.py STUBS TARGET MARKER [TOKEN]

STUBS is the folder with the stubs of protos/ and of a service of the user's own, MARKER a file that is not there.
"""

import json
import os
import signal
import sys

import grpc

sys.path.insert(0, sys.argv[1])

import probe_pb2  # noqa: E402
import probe_pb2_grpc  # noqa: E402
from workerhost.v1 import task_endpoint_pb2, task_endpoint_pb2_grpc  # noqa: E402

target, marker = sys.argv[2], sys.argv[3]
metadata = [("authorization", f"Bearer {sys.argv[4]}")] if len(sys.argv) > 4 else []
channel = grpc.insecure_channel(target)
endpoint = task_endpoint_pb2_grpc.TaskEndpointStub(channel)
own = probe_pb2_grpc.ProbeStub(channel)


def run(task, *arguments, **fields):
    payload = task_endpoint_pb2.Payload(data=json.dumps(arguments).encode())
    return endpoint.Run(task_endpoint_pb2.RunRequest(task=task, payload=payload, **fields), metadata=metadata, timeout=30)


# Killed while it has nothing to do: the next call of the user's own method has another.
first = own.Act(probe_pb2.Script(), metadata=metadata, timeout=30).pid
os.kill(first, signal.SIGKILL)
second = own.Act(probe_pb2.Script(), metadata=metadata + [("workerhost-idempotent", "true")], timeout=30).pid
print("another worker:", second != first)

# Killed at work: an idempotent task is tried again, and nobody hears of it.
print("attempts:", run("die_if_missing", marker, idempotent=True).attempts)

# Any other one is lost, and says of what.
try:
    run("segv")
except grpc.RpcError as error:
    print("lost:", error.code().name, "SIGSEGV" in error.details())
print("and on:", json.loads(run("add", 20, 22).result.data))
