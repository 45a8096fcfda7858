"""One place where handlers run: user code that blocks stops its lane and nothing else."""

import asyncio
import contextvars
import ctypes
import signal
import threading
import time
import traceback

from . import _arguments, _failures
from ._context import _current
from ._errors import BadInput, Cancelled, ResultNotWritable, TooLarge
from ._run import REMOVED, TIME_LIMIT, End
from ._streaming import collect, deliver, deliver_async

_set_async_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
_set_async_exception.argtypes = (ctypes.c_ulong, ctypes.py_object)
_NOTHING = ctypes.py_object()

# For the lane of the main thread. No program of ours or of Debian's uses it.
INTERRUPT = signal.SIGRTMIN + 7

# What is not there by then waits for native code to return.
_ARRIVES_WITHIN_SECONDS = 0.25


class Lane:
    """The first lane is the main thread, where Python runs the handlers of signals: a signal ends there what waits in the kernel (a sleep, a read) as well. In the other lanes
    an exception comes between two instructions of Python, so native code goes on until it returns."""

    def __init__(self, index, queue, core):
        self.index = index
        self._queue = queue
        self._core = core
        self._park = threading.Lock()
        self._park.acquire()
        self._thread = None
        self._lock = threading.Lock()
        self._interruptible = None
        self._is_main = False
        self._stuck = False
        self._interrupted_at = 0.0
        self._coroutine = None
        self._heard = None
        self._loop = None
        self._base = contextvars.copy_context()

    def park(self):
        self._park.acquire()

    def wake(self):
        self._park.release()

    def start(self):
        threading.Thread(target=self.run, name=f"workerhost lane {self.index}", daemon=True).start()

    def run(self):
        """Until the queue is stopped; on the calling thread."""
        self._thread = threading.get_ident()
        self._is_main = threading.current_thread() is threading.main_thread()
        _lanes[self._thread] = self
        if self._is_main:
            signal.signal(INTERRUPT, self._interrupted)
        while (run := self._queue.take(self)) is not None:
            if run.state == REMOVED:
                run.complete(run, End(failure=_failures.time_limit_passed(run, started=False)))
                continue
            end = self._execute(run)
            if self._queue.ledger is not None:
                self._queue.ledger.finish(self.index)
            self._queue.done(run)
            if run.output is not None:
                run.output.close()
            run.payload = b""
            try:
                run.complete(run, end)
            except Exception:
                # Nobody's fault but ours; the lane must live on.
                traceback.print_exc()
            del run, end

    # ---- stopping --------------------------------------------------------------------------------------------

    def interrupt(self, run):
        """Raises Cancelled into the handler of the run, if it still runs. From any thread."""
        with self._lock:
            if self._interruptible is not run or self._stuck or self._heard is run:
                return
            self._stuck, self._interrupted_at = True, time.monotonic()
            if self._is_main:
                signal.pthread_kill(self._thread, INTERRUPT)
            else:
                _set_async_exception(self._thread, _Delivered)

    def is_stuck(self, run):
        """It was interrupted a while ago and is still in native code, where nothing reaches it."""
        return self._interruptible is run and self._stuck and time.monotonic() - self._interrupted_at > _ARRIVES_WITHIN_SECONDS

    def cancel_coroutine(self, run):
        """An asynchronous handler hears of its stop as asyncio tells it."""
        with self._lock:
            if self._interruptible is run and self._coroutine is not None:
                self._loop.call_soon_threadsafe(self._cancel, run, self._coroutine)

    def _cancel(self, run, coroutine):
        # In the loop: it is not blocked, so its coroutine may take its time to clean up.
        self._heard = run
        coroutine.cancel()

    def _interrupted(self, *_):
        # On the main thread, between two instructions of whatever it does.
        if self._interruptible is not None and self._stuck:
            self._stuck = False
            raise Cancelled(self._interruptible.cause)

    def _enter(self, run):
        self._stuck = False
        self._interruptible = run
        if run.cause is not None:
            raise Cancelled(run.cause)

    def _leave(self):
        """From here on nothing is raised into this thread."""
        while True:
            try:
                with self._lock:
                    self._interruptible = self._heard = None
                    if self._stuck and not self._is_main:
                        _set_async_exception(self._thread, _NOTHING)
                    self._stuck = False
                return
            except Cancelled:
                continue  # it came at the last moment; there is no second one

    # ---- running ---------------------------------------------------------------------------------------------

    def _execute(self, run):
        began = run.began
        if run.on_start is not None:
            run.on_start(run)
        try:
            data, content_type = self._run_handler(run)
            if len(data) > self._core.max_message_bytes:
                raise TooLarge("the result", len(data))
            return End(data, content_type, service_us=_since(began))
        except BaseException as error:
            try:
                return End(failure=self._explain(run, error), service_us=_since(began))
            finally:
                # Its frames hold what the handler held.
                error.__traceback__ = None
                del error

    def _run_handler(self, run):
        call = run.spec.bind(run)
        context = self._base.copy()
        context.run(_current.set, run)
        try:
            try:
                self._enter(run)
                value = context.run(self._call, run, call)
            finally:
                self._leave()
        except Cancelled:
            self._leave()
            raise
        return value if isinstance(value, tuple) and run.spec.yields_items else run.spec.write(value)

    def _call(self, run, call):
        spec = run.spec
        if spec.is_async:
            return self._run_until_complete(run, call)
        if not spec.yields_items:
            return call()
        if run.output is not None and run.output.takes_items:
            return deliver(call(), run, self._core.max_message_bytes)
        return collect(call())

    def _run_until_complete(self, run, call):
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        takes_items = run.output is not None and run.output.takes_items
        work = deliver_async(call(), run, self._core.max_message_bytes, takes_items) if run.spec.yields_items else call()
        coroutine = self._loop.create_task(work)
        with self._lock:
            self._coroutine = coroutine
            if run.cause is not None:
                coroutine.cancel()
        try:
            return self._loop.run_until_complete(coroutine)
        except Cancelled:
            # Raised into the loop itself, which nobody uses again after that.
            self._loop = None
            raise
        finally:
            with self._lock:
                self._coroutine = None

    def _explain(self, run, error):
        if isinstance(error, BadInput):
            return _failures.bad_input(run, str(error))
        if isinstance(error, ResultNotWritable):
            return _failures.result_not_writable(run, error.__cause__ or error)
        if isinstance(error, TooLarge):
            return _failures.too_large(run, error.what, error.size, self._core.max_message_bytes)
        if isinstance(error, (Cancelled, asyncio.CancelledError)) and run.cause is not None:
            return _failures.time_limit_passed(run, started=True) if run.cause == TIME_LIMIT else _failures.cancelled(run, started=True)
        return _failures.from_handler(run, error, run.spec.native(error))


class _Delivered(Cancelled):
    """What is raised into lanes beside the first: made when it arrives, and then the lane is not stuck any more."""

    def __init__(self, *args):
        super().__init__(*args or ("the task is to stop",))
        lane = _lanes.get(threading.get_ident())
        if lane is not None:
            lane._stuck = False


_lanes = {}


def _since(began):
    return int((time.monotonic() - began) * 1_000_000)
