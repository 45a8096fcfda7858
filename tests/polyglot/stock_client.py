"""A client with nothing of ours in it: Debian's grpcio, and stubs made from protos/ by Debian's protoc.

    stock_client.py STUBS TARGET [SECRET]

TARGET is what grpcio takes: "unix:/path/to/socket" or "127.0.0.1:port". Prints one line of JSON per case; whoever
started it judges them.
"""

import json
import sys

import grpc

sys.path.insert(0, sys.argv[1])

from google.rpc import status_pb2  # noqa: E402
from workerhost.v1 import failure_pb2, task_endpoint_pb2, task_endpoint_pb2_grpc  # noqa: E402

PATIENCE_SECONDS = 30


class Client:
    def __init__(self, target, secret):
        # Over a Unix socket grpcio says the path as :authority, which HTTP/2 servers may refuse.
        self.channel = grpc.insecure_channel(target, options=[("grpc.default_authority", "localhost")])
        self.endpoint = task_endpoint_pb2_grpc.TaskEndpointStub(self.channel)
        self.metadata = [("authorization", f"Bearer {secret}")] if secret else []

    def wait_until_serving(self):
        """The standard health service, without its stubs: an empty request, and SERVING is field 1 with value 1."""
        watch = self.channel.unary_stream("/grpc.health.v1.Health/Watch")
        call = watch(b"", metadata=self.metadata, wait_for_ready=True, timeout=PATIENCE_SECONDS)
        for response in call:
            if response == b"\x08\x01":
                call.cancel()
                return

    def request(self, task, *arguments, **fields):
        payload = task_endpoint_pb2.Payload(content_type="application/json", data=json.dumps(arguments).encode())
        return task_endpoint_pb2.RunRequest(task=task, payload=payload, **fields)

    def run(self, task, *arguments, timeout=PATIENCE_SECONDS, metadata=None, **fields):
        return self.endpoint.Run(
            self.request(task, *arguments, **fields),
            timeout=timeout,
            metadata=self.metadata if metadata is None else metadata,
        )


def report(case, attempt):
    try:
        answer = attempt()
        print(json.dumps({"case": case, "result": answer}), flush=True)
    except grpc.RpcError as error:
        print(json.dumps({"case": case, "code": error.code().name, "details": error.details(), "failure": failure_of(error)}), flush=True)


def failure_of(error):
    """Our TaskFailure, the one detail of the google.rpc.Status in the trailers."""
    trailers = dict(error.trailing_metadata() or ())
    if "grpc-status-details-bin" not in trailers:
        return None
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    failure = failure_pb2.TaskFailure()
    if not status.details or not status.details[0].Unpack(failure):
        return None
    return {
        "kind": failure_pb2.TaskFailureKind.Name(failure.kind),
        "message": failure.message,
        "type": failure.error.type,
        "errorMessage": failure.error.message,
        "worker": failure.worker,
        "neverStarted": failure.never_started,
    }


def main():
    target, secret = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None
    client = Client(target, secret)
    client.wait_until_serving()

    def value(response):
        return {"value": json.loads(response.result.data), "type": response.result.content_type, "id": response.id, "worker": response.worker}

    def cancel():
        call = client.endpoint.Run.future(client.request("sleep", 600_000), metadata=client.metadata)
        call.cancel()
        call.result()

    def describe():
        answer = client.endpoint.Describe(task_endpoint_pb2.DescribeRequest(), metadata=client.metadata, timeout=PATIENCE_SECONDS)
        return {"pool": answer.pool, "worker": answer.worker, "tasks": [t.name for t in answer.tasks], "capabilities": list(answer.capabilities)}

    report("upper", lambda: value(client.run("upper", "grün", id="mine-1")))
    report("add", lambda: value(client.run("add", 20, 22)))
    report("unknown", lambda: value(client.run("no such task")))
    report("bad input", lambda: value(client.run("add", "one", [])))
    report("thrown", lambda: value(client.run("throw", "told to")))
    report("late", lambda: value(client.run("sleep", 600_000, timeout=0.3)))
    try:
        cancel()
    except grpc.FutureCancelledError:
        print(json.dumps({"case": "cancelled", "result": "cancelled"}), flush=True)
    def events(task, *arguments, leave_after=None):
        """Everything the task says; the items so far also where it fails midway."""
        heard = {"started": None, "items": [], "progress": []}
        call = client.endpoint.RunWithEvents(
            task_endpoint_pb2.RunWithEventsRequest(task=client.request(task, *arguments)),
            metadata=client.metadata,
            timeout=PATIENCE_SECONDS,
        )
        try:
            for event in call:
                which = event.WhichOneof("event")
                if which == "started":
                    heard["started"] = event.started.worker
                elif which == "item":
                    heard["items"].append(json.loads(event.item.data))
                    if len(heard["items"]) == leave_after:
                        call.cancel()
                        return heard
                elif which == "progress":
                    heard["progress"].append([event.progress.fraction, event.progress.message])
                else:
                    heard["outcome"] = event.outcome.result.data.decode()
        except grpc.RpcError as error:
            heard["code"] = error.code().name
            heard["failure"] = failure_of(error)
        return heard

    report("streamed", lambda: events("count", 3))
    report("streamed, thrown midway", lambda: events("count_then", 2, "throw"))
    report("streamed, left", lambda: events("count_all", leave_after=5))
    report("progress", lambda: events("report", 10))
    report("after all that", lambda: value(client.run("add", 1, 1)))
    report("describe", describe)
    if secret:
        report("no secret", lambda: value(client.run("add", 1, 1, metadata=[])))
        report("wrong secret", lambda: value(client.run("add", 1, 1, metadata=[("authorization", "Bearer guess")])))


if __name__ == "__main__":
    main()
