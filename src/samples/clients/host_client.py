"""Tasks on a WorkerHost host from Python, with nothing but grpcio and stubs that protoc made.

    host_client.py STUBS TARGET [TOKEN]

STUBS is the folder with the stubs of protos/ and of counter.proto; TARGET what grpcio takes: "unix:/path/to/data.sock"
or "127.0.0.1:7070". What it prints is what src/docs/sidecar-clients.md says.
"""

import json
import sys
import time

import grpc

sys.path.insert(0, sys.argv[1])

import counter_pb2  # noqa: E402
import counter_pb2_grpc  # noqa: E402
from workerhost.v1 import task_endpoint_pb2, task_endpoint_pb2_grpc  # noqa: E402

target, token = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None

channel = grpc.insecure_channel(target)
metadata = [("authorization", f"Bearer {token}")] if token else []
endpoint = task_endpoint_pb2_grpc.TaskEndpointStub(channel)


def run(task, *arguments, **fields):
    payload = task_endpoint_pb2.Payload(content_type="application/json", data=json.dumps(arguments).encode())
    request = task_endpoint_pb2.RunRequest(task=task, payload=payload, **fields)
    return json.loads(endpoint.Run(request, metadata=metadata, timeout=30).result.data)


# A task by its name.
print("add:", run("add", 20, 22, pool="images", idempotent=True))

# It fails: the status says what kind of failure it is, the details say why.
try:
    run("throw", "no luck", pool="images")
except grpc.RpcError as error:
    print("failed:", error.code().name, error.details())

# Its time limit is the deadline of the call.
try:
    payload = task_endpoint_pb2.Payload(data=b"[600000]")
    endpoint.Run(task_endpoint_pb2.RunRequest(task="sleep", payload=payload, pool="images"), metadata=metadata, timeout=0.3)
except grpc.RpcError as error:
    print("late:", error.code().name)

# Cancelling the call cancels the task, running or not.
call = endpoint.Run.future(task_endpoint_pb2.RunRequest(task="sleep", payload=payload, pool="images"), metadata=metadata)
call.cancel()
print("cancelled:", call.cancelled())

# Your own service: the stub that protoc made of your .proto, and what the host needs to know beside it as metadata.
counter = counter_pb2_grpc.CounterStub(channel)
counted = counter.Count(counter_pb2.Line(text="one two three"), metadata=metadata + [("workerhost-idempotent", "true")], timeout=30)
print("words:", counted.words)

# The method's own failures arrive as it threw them.
try:
    counter.Count(counter_pb2.Line(), metadata=metadata, timeout=30)
except grpc.RpcError as error:
    print("refused:", error.code().name, error.details())

# A flood of cancelled calls is nothing special.
for _ in range(300):
    endpoint.Run.future(task_endpoint_pb2.RunRequest(task="sleep", payload=payload, pool="images"), metadata=metadata).cancel()
started = time.monotonic()
print("after a flood:", run("add", 1, 1, pool="images"))
print("within a second:", time.monotonic() - started < 1)
