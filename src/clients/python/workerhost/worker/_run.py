"""One task in this worker, from its arrival to its end."""

from ._context import Context

CREATED, QUEUED, RUNNING, REMOVED, DONE = range(5)
CALLER, TIME_LIMIT = "cancelled by the caller", "the time limit has passed"


class End:
    """How a task ended: with data, a failure, or given back unstarted."""

    __slots__ = ("data", "content_type", "failure", "recalled", "service_us")

    def __init__(self, data=b"", content_type="", failure=None, recalled=False, service_us=0):
        self.data = data
        self.content_type = content_type
        self.failure = failure
        self.recalled = recalled
        self.service_us = service_us


class Run(Context):
    """`complete` is told the end, once, by any thread, outside of all locks. `state` is guarded by the lane queue."""

    __slots__ = ("spec", "content_type", "payload", "state", "complete", "began", "session_key", "sequence", "track", "timer", "lane", "on_start")

    def __init__(self, spec, worker, id, task, attempt, headers, content_type, payload, deadline, complete):
        super().__init__()
        self._worker = worker
        self._id = id
        self._task = task
        self._attempt = attempt or 1
        self._headers = headers
        self._deadline = deadline
        self.spec = spec
        self.content_type = content_type
        self.payload = payload
        self.complete = complete
        self.state = CREATED
        self.began = None
        self.session_key = self.sequence = 0
        self.track = -1
        self.timer = None
        self.lane = None
        self.on_start = None

    @property
    def cause(self):
        return self._stop

    @property
    def output(self):
        return self._output

    @output.setter
    def output(self, value):
        self._output = value

    @property
    def minds_its_stop(self):
        return self._minds
