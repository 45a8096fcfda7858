"""A worker in plain grpcio, with nothing of ours but the stubs that protoc makes of protos/.

    plain_worker.py STUBS        started by a supervisor, not by hand
"""

import concurrent.futures
import json
import os
import sys
import threading

import grpc

sys.path.insert(0, sys.argv[1] if len(sys.argv) > 1 else ".")

from workerhost.v1 import task_endpoint_pb2, task_endpoint_pb2_grpc  # noqa: E402

# By name; each is called with the elements of the caller's JSON array.
TASKS = {"add": lambda a, b: a + b, "upper": str.upper}


class TaskEndpoint(task_endpoint_pb2_grpc.TaskEndpointServicer):
    def __init__(self, launch):
        self.worker = f"{launch['pool']}/{launch['slot']}#{launch['incarnation']}"
        # Each gRPC call has a thread; so many of them may run tasks at a time, and health is answered meanwhile.
        self.lanes = threading.Semaphore(launch["concurrency"])

    def Run(self, request, context):
        if request.task not in TASKS:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no task {request.task!r}; there are {', '.join(TASKS)}")
        try:
            arguments = json.loads(request.payload.data)
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the arguments are no JSON: {error}")
        with self.lanes:
            try:
                result = json.dumps(TASKS[request.task](*arguments)).encode()
            except Exception as error:
                context.abort(grpc.StatusCode.UNKNOWN, f"{type(error).__name__}: {error}")
        payload = task_endpoint_pb2.Payload(content_type="application/json", data=result)
        return task_endpoint_pb2.RunResponse(result=payload, id=request.id, worker=self.worker, attempts=max(request.attempt, 1))


def main():
    if os.environ.get("WORKERHOST_WORKER") != "1":
        print(f"{sys.argv[0]} is a WorkerHost worker: a supervisor starts it", file=sys.stderr)
        return 64
    launch = json.loads(sys.stdin.readline())

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", launch["maxMessageBytes"] + 65536)])
    task_endpoint_pb2_grpc.add_TaskEndpointServicer_to_server(TaskEndpoint(launch), server)
    # The standard health service: its answer is one field, status, and SERVING is 1.
    check = grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x01")
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": check})])
    server.add_insecure_port(launch["address"].replace("unix://", "unix:"))
    server.start()

    # stdin is the lifeline: at its end, leave. SIGTERM may end the process as it does by default.
    sys.stdin.read()
    server.stop(grace=launch["drainMilliseconds"] / 1000).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
