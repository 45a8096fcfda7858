"""Why a task has no result, as messages of the contract; each text of bounded size."""

import traceback

import grpc
from google.protobuf import any_pb2, duration_pb2

from workerhost.v1 import failure_pb2

from ._errors import Retryable

MAX_NAME = 1024
MAX_MESSAGE_BYTES = 8 * 1024
MAX_STACK_BYTES = 32 * 1024
MAX_NATIVE_BYTES = 16 * 1024
MAX_DEPTH = 8

# A failure passes wherever the smallest result does; on unary calls gRPC's own limit of 8 KiB for all metadata rules.
MAX_FAILURE_BYTES = 48 * 1024
MAX_DETAIL_BYTES = 4 * 1024

_MAX_NAMES_LISTED = 50

_STATUS = {
    failure_pb2.TASK_FAILURE_KIND_TASK_FAILED: grpc.StatusCode.UNKNOWN,
    failure_pb2.TASK_FAILURE_KIND_UNKNOWN_TASK: grpc.StatusCode.UNIMPLEMENTED,
    failure_pb2.TASK_FAILURE_KIND_BAD_INPUT: grpc.StatusCode.INVALID_ARGUMENT,
    failure_pb2.TASK_FAILURE_KIND_CANCELLED: grpc.StatusCode.CANCELLED,
    failure_pb2.TASK_FAILURE_KIND_DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
    failure_pb2.TASK_FAILURE_KIND_REJECTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
}


def cut(text, max_bytes):
    """Fit for the wire: cut to a size, and free of what UTF-8 cannot hold."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= max_bytes:
        return encoded.decode()
    return encoded[:max_bytes - 4].decode("utf-8", "ignore") + " …"


def unknown_task(run, names):
    known = ", ".join(sorted(names)[:_MAX_NAMES_LISTED]) + (f" and {len(names) - _MAX_NAMES_LISTED} more" if len(names) > _MAX_NAMES_LISTED else "")
    knows = f"it knows {known}" if names else 'it has no tasks: nothing has @worker.task("name")'
    return _never_started(run, failure_pb2.TASK_FAILURE_KIND_UNKNOWN_TASK, f'worker {run.worker} has no task "{run.task}"; {knows}')


def bad_input(run, message):
    return _never_started(run, failure_pb2.TASK_FAILURE_KIND_BAD_INPUT, message)


def cancelled(run, started):
    if started:
        return _of(run, failure_pb2.TASK_FAILURE_KIND_CANCELLED, f'task "{run.task}" was cancelled while it ran')
    return _never_started(run, failure_pb2.TASK_FAILURE_KIND_CANCELLED, f'task "{run.task}" was cancelled before it started')


def time_limit_passed(run, started):
    if started:
        return _of(run, failure_pb2.TASK_FAILURE_KIND_DEADLINE_EXCEEDED, f'the time limit of task "{run.task}" passed while it ran')
    return _never_started(run, failure_pb2.TASK_FAILURE_KIND_DEADLINE_EXCEEDED, f'the time limit of task "{run.task}" passed before it started')


def draining(run):
    return _come_again(_never_started(run, failure_pb2.TASK_FAILURE_KIND_REJECTED, f"worker {run.worker} is leaving and takes nothing new"))


def full(run, what):
    return _come_again(_never_started(run, failure_pb2.TASK_FAILURE_KIND_REJECTED, f"worker {run.worker} already holds {what}"))


def too_large(run, what, size, limit):
    return _of(
        run, failure_pb2.TASK_FAILURE_KIND_TASK_FAILED,
        f'{what} of task "{run.task}" is {size} bytes, more than the limit of {limit} bytes (MaxMessageBytes of the pool\'s options)')


def result_not_writable(run, error):
    failure = _of(run, failure_pb2.TASK_FAILURE_KIND_TASK_FAILED, f'the result of task "{run.task}" could not be written: {type(error).__name__}: {text_of(error)}')
    failure.error.CopyFrom(remote_error(error))
    return shrink(failure, MAX_FAILURE_BYTES)


def from_handler(run, error, native=None):
    """`native`: its content type and its bytes in Python's own form."""
    failure = _of(run, failure_pb2.TASK_FAILURE_KIND_TASK_FAILED, f'task "{run.task}" threw {name_of(type(error))}: {text_of(error)}')
    failure.error.CopyFrom(remote_error(error))
    if native is not None:
        failure.error.content_type, failure.error.data = native
        # Who unpickles it has its causes as text only.
        failure.error.stack_trace = cut(stack_of(error, chain=True), MAX_STACK_BYTES)
    if isinstance(error, Retryable):
        failure.retryable = True
        if error.retry_after is not None:
            failure.retry_after.CopyFrom(_duration(error.retry_after))
    return shrink(failure, MAX_FAILURE_BYTES)


def remote_error(error, depth=1):
    remote = failure_pb2.RemoteError(
        type=cut(name_of(type(error)), MAX_NAME), message=cut(text_of(error), MAX_MESSAGE_BYTES), stack_trace=cut(stack_of(error), MAX_STACK_BYTES))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and depth < MAX_DEPTH:
        remote.cause.CopyFrom(remote_error(cause, depth + 1))
    return remote


def stack_of(error, chain=False):
    """As Python prints it, without the frames of this package above the handler."""
    try:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None and trace.tb_frame.f_globals.get("__package__") == __package__:
            trace = trace.tb_next
        return "".join(traceback.format_exception(type(error), error, trace, chain=chain))
    except BaseException as unreadable:  # an exception class of the user's may throw anything while it is read
        return f"(could not be read: {type(unreadable).__name__})"


def name_of(kind):
    return kind.__qualname__ if kind.__module__ in ("builtins", None) else f"{kind.__module__}.{kind.__qualname__}"


def text_of(error):
    try:
        return str(error)
    except BaseException as unreadable:
        return f"(could not be read: {type(unreadable).__name__})"


def shrink(failure, max_bytes):
    """Halves the texts until it fits; what only Python reads is left out where that is large."""
    if len(failure.error.data) > max_bytes // 2:
        failure.error.content_type, failure.error.data = "", b""
    budget = max_bytes // 2
    while budget >= 64 and failure.ByteSize() > max_bytes:
        failure.message = cut(failure.message, budget)
        failure.task_id, failure.task = cut(failure.task_id, budget), cut(failure.task, budget)
        error = failure.error if failure.HasField("error") else None
        while error is not None:
            error.type, error.message, error.stack_trace = cut(error.type, budget), cut(error.message, budget), cut(error.stack_trace, budget)
            error = error.cause if error.HasField("cause") else None
        budget //= 2
    return failure


def abort(context, failure, leaving=False):
    """Ends a unary call with the status that stands for the failure, and the failure in the trailers. Does not return."""
    code = grpc.StatusCode.UNAVAILABLE if leaving and failure.kind == failure_pb2.TASK_FAILURE_KIND_REJECTED else _STATUS[failure.kind]
    shrink(failure, MAX_DETAIL_BYTES)
    message = cut(failure.message, 400)
    detail = any_pb2.Any()
    detail.Pack(failure)
    context.set_trailing_metadata((("grpc-status-details-bin", _status(code.value[0], message.encode(), detail.SerializeToString())),))
    context.abort(code, message)


def _status(code, message, detail):
    """A google.rpc.Status, whose Python package is not among what is needed: code = 1, message = 2, details = 3."""
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(message)) + message + b"\x1a" + _varint(len(detail)) + detail


def _varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _come_again(failure):
    failure.retry_after.CopyFrom(_duration(0.1))
    return failure


def _duration(seconds):
    return duration_pb2.Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))


def _never_started(run, kind, message):
    failure = _of(run, kind, message)
    failure.never_started = True
    return failure


def _of(run, kind, message):
    return failure_pb2.TaskFailure(
        kind=kind, message=cut(message, MAX_MESSAGE_BYTES), task_id=cut(run.id, MAX_NAME), task=cut(run.task, MAX_NAME), worker=run.worker)
