"""What gathered becomes frames, each below the size that the client takes; what is larger goes alone."""

from workerhost.v1 import session_pb2

from ._arguments import JSON
from ._output import Item, Report
from ._run import End

MAX_FRAME_BYTES = 256 * 1024

# Sequence, service time, content type, lengths and tags.
_AROUND_BYTES = 64


def frames_of(said, started, draining, max_bytes):
    """`said`: (run, End | Item | Report) in order. A task's progress is read before its outcome, also within one frame."""
    frame = session_pb2.SessionResponse(started=started, draining=draining)
    size = 10 * len(started)
    empty = not (started or draining)
    for run, what in said:
        kind = type(what)
        cost = _AROUND_BYTES + (0 if kind is Report else len(what.data)) + (what.failure.ByteSize() if kind is End and what.failure is not None else 0)
        if not empty and size + cost > max_bytes:
            yield frame
            frame, size = session_pb2.SessionResponse(), 0
        size += cost
        empty = False
        if kind is End:
            _add_outcome(frame.outcomes.add(), run, what)
        elif kind is Item:
            frame.progress.add(sequence=run.sequence, data=what.data, content_type=what.content_type, is_item=True)
            run.output.sent(what)
        else:
            fraction, message = run.output.take(what)
            frame.progress.add(sequence=run.sequence, fraction=fraction, message=message)
    if not empty:
        yield frame


def _add_outcome(outcome, run, end):
    outcome.sequence = run.sequence
    if end.recalled:
        outcome.recalled = True
        return
    outcome.service_us = end.service_us
    if end.failure is not None:
        outcome.failure.CopyFrom(end.failure)
    else:
        outcome.data = end.data
        # The default of the wire.
        outcome.content_type = "" if end.content_type == JSON else end.content_type


def describe(tasks):
    return [session_pb2.TaskDescription(name=task.name, content_types=task.content_types, yields_items=task.yields_items) for task in tasks]
