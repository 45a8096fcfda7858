"""The gRPC face of a worker: the task endpoint and the standard health service."""

import hmac
import queue
import threading
import time
import uuid

import grpc

from workerhost.v1 import task_endpoint_pb2, task_endpoint_pb2_grpc

from . import _failures
from ._frames import describe
from ._launch import MAX_PROTOCOL, MIN_PROTOCOL
from ._output import Output, Report
from ._run import CALLER, TIME_LIMIT, End
from ._session import Refusal, Session

# Of RunWithEvents: made ahead of the call, whose own flow control is what holds the handler back.
_ITEMS_AHEAD, _BYTES_AHEAD = 64, 256 * 1024

_NOT_SERVING, _SERVING = b"\x08\x02", b"\x08\x01"


class TaskEndpoint(task_endpoint_pb2_grpc.TaskEndpointServicer):
    def __init__(self, core):
        self._core = core

    def OpenSession(self, request_iterator, context):
        try:
            yield from Session(self._core, request_iterator, context).run()
        except Refusal as refusal:
            context.abort(refusal.code, str(refusal))

    def Run(self, request, context):
        ended = threading.Event()
        end = None

        def complete(_, how):
            nonlocal end
            end = how
            ended.set()

        run = self._make_run(request, context, complete)
        self._enter(run, context)
        self._submit(run, request, context)
        ended.wait()
        if end.failure is not None:
            _failures.abort(context, end.failure, self._core.is_draining)
        return self._response(run, end)

    def RunWithEvents(self, request, context):
        said = queue.SimpleQueue()
        run = self._make_run(request.task, context, lambda _, end: said.put(end))
        run.output = Output(not request.collects_items, _ITEMS_AHEAD, _BYTES_AHEAD, said.put)
        run.on_start = lambda _: said.put(None)
        self._enter(run, context)
        try:
            self._submit(run, request.task, context)
            while not isinstance(what := said.get(), End):
                yield self._event(run, what)
            if what.failure is not None:
                _failures.abort(context, what.failure, self._core.is_draining)
            yield task_endpoint_pb2.RunWithEventsResponse(outcome=self._response(run, what))
        finally:
            # Where nobody reads any more the handler is not left waiting for room.
            self._core.queue.cancel(run, CALLER)

    def Describe(self, request, context):
        core = self._core
        self._require_pool(request.pool, context)
        return task_endpoint_pb2.DescribeResponse(
            pool=core.launch.pool, worker=core.worker, host_instance=core.launch.host_instance, tasks=describe(core.tasks), capabilities=core.capabilities,
            concurrency=core.launch.concurrency, min_protocol=MIN_PROTOCOL, max_protocol=MAX_PROTOCOL, max_message_bytes=core.max_message_bytes)

    def _make_run(self, request, context, complete):
        self._require_pool(request.pool, context)
        limits = [limit for limit in (context.time_remaining(), _seconds(request)) if limit is not None]
        return self._core.make_run(
            id=request.id or uuid.uuid4().hex, task=request.task, attempt=request.attempt, headers=dict(request.headers),
            content_type=request.payload.content_type, payload=request.payload.data,
            deadline=time.monotonic() + min(limits) if limits and min(limits) < 3e9 else None, complete=complete)

    def _enter(self, run, context):
        if not self._core.enter_call():
            _failures.abort(context, _failures.draining(run), leaving=True)
        # When its last answer is written.
        if not context.add_callback(self._core.leave_call):
            self._core.leave_call()

    def _submit(self, run, request, context):
        core = self._core
        objection = core.objection(run, len(run.payload))
        if request.HasField("time_limit") and not _is_possible(request.time_limit):
            objection = _failures.bad_input(run, "time_limit is not a duration above zero")
        if objection is None and core.queue.enqueue([run]):
            objection = _failures.full(run, f"{core.queue.waiting} tasks")
        if objection is not None:
            run.complete(run, End(failure=objection))
            return
        if core.is_draining and core.queue.remove(run):
            run.complete(run, End(failure=_failures.draining(run)))
        if not context.add_callback(lambda: self._hung_up(run)):
            self._hung_up(run)

    def _hung_up(self, run):
        # Also after a call that has ended well: then the run is done.
        late = run.time_remaining is not None and run.time_remaining < 0.02
        if self._core.queue.cancel(run, TIME_LIMIT if late else CALLER):
            run.complete(run, End(failure=_failures.time_limit_passed(run, started=False) if late else _failures.cancelled(run, started=False)))

    def _event(self, run, what):
        if what is None:
            return task_endpoint_pb2.RunWithEventsResponse(started=task_endpoint_pb2.TaskStarted(id=run.id, worker=run.worker, attempt=run.attempt))
        if isinstance(what, Report):
            fraction, message = run.output.take(what)
            return task_endpoint_pb2.RunWithEventsResponse(progress=task_endpoint_pb2.TaskReport(fraction=fraction, message=message))
        run.output.sent(what)
        run.output.grant(1, len(what.data))
        return task_endpoint_pb2.RunWithEventsResponse(item=task_endpoint_pb2.Payload(content_type=what.content_type, data=what.data))

    def _response(self, run, end):
        return task_endpoint_pb2.RunResponse(
            result=task_endpoint_pb2.Payload(content_type=end.content_type, data=end.data), id=run.id, worker=run.worker, attempts=run.attempt)

    def _require_pool(self, pool, context):
        if pool and pool != self._core.launch.pool:
            context.abort(grpc.StatusCode.NOT_FOUND, f'no pool "{pool[:200]}" here; worker {self._core.worker} belongs to "{self._core.launch.pool}"')


def _is_possible(limit):
    return limit.seconds >= 0 and 0 <= limit.nanos < 10**9 and (limit.seconds or limit.nanos)


def _seconds(request):
    limit = request.time_limit
    return limit.seconds + limit.nanos / 1e9 if request.HasField("time_limit") and _is_possible(limit) else None


class Health:
    """grpc.health.v1.Health, whose messages are small enough to be written by hand: a request is empty or names a service, a response is one enum."""

    def __init__(self):
        self._condition = threading.Condition()
        self._serving = False

    def set_serving(self, serving):
        with self._condition:
            self._serving = serving
            self._condition.notify_all()

    def handler(self):
        return grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
            "Check": grpc.unary_unary_rpc_method_handler(self._check),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch),
        })

    def _check(self, request, context):
        if request:
            context.abort(grpc.StatusCode.NOT_FOUND, "only the empty service name is known here")
        return _SERVING if self._serving else _NOT_SERVING

    def _watch(self, request, context):
        context.add_callback(self._wake)
        told = None
        while context.is_active():
            with self._condition:
                while context.is_active() and told is self._serving:
                    self._condition.wait()
                told = self._serving
            yield b"\x08\x03" if request else _SERVING if told else _NOT_SERVING

    def _wake(self):
        with self._condition:
            self._condition.notify_all()


class Secret(grpc.ServerInterceptor):
    """Refuses calls without the token, on TCP."""

    def __init__(self, secret, worker):
        self._expected = f"Bearer {secret}".encode()
        words = f"the bearer token of worker {worker} is required"

        def refuse(_, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, words)

        self._refusal = grpc.unary_unary_rpc_method_handler(refuse)

    def intercept_service(self, continuation, handler_call_details):
        shown = [value for name, value in handler_call_details.invocation_metadata if name == "authorization"]
        if len(shown) == 1 and hmac.compare_digest(str(shown[0]).encode(), self._expected):
            return continuation(handler_call_details)
        return self._refusal
