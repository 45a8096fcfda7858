"""This process as a worker: from the launch line to the exit code."""

import concurrent.futures
import ctypes
import os
import signal
import sys
import threading
import time
import traceback
import urllib.parse

import grpc

from workerhost.v1 import task_endpoint_pb2_grpc

from . import _launch, _ledger
from ._core import Core
from ._launch import LaunchError
from ._service import Health, Secret, TaskEndpoint
from ._tasks import tasks

# For handlers that were told to stop because the time for draining was over.
_CANCEL_GRACE_SECONDS = 0.25

# What a program may still do after its last task, when nobody is left to kill it.
_EXIT_GRACE_SECONDS = 2.0

# Each call under way has a thread; those beyond wait.
_MOST_CALLS = 1000


class Departure:
    """How a worker is asked to leave: by SIGTERM, or by the end of its lifeline. Thread-safe."""

    def __init__(self):
        self.asked = threading.Event()
        self.hurried = False
        self.in_its_own_time = False
        self._signals = 0

    def signalled(self):
        """The first asks, the second hurries; who had all the time until then is hurried by the first."""
        self._signals += 1
        if self._signals > 1 or self.in_its_own_time:
            self.hurried = True
        self.asked.set()

    def lifeline_ended(self, in_its_own_time, drain_seconds):
        self.in_its_own_time |= in_its_own_time
        self.asked.set()
        if not in_its_own_time:
            # The supervisor is gone: be gone even if the program does not end after its last task.
            time.sleep(drain_seconds + _EXIT_GRACE_SECONDS)
            os._exit(_launch.SUCCESS)


def run(prepare=None):
    """Serves until it is asked to leave. `prepare` registers the tasks: it is called when the lifeline is watched, and what it raises is a
    failed start. Answers the exit code."""
    departure = Departure()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # The host logs line by line.
            stream.reconfigure(line_buffering=True)
    try:
        parent = os.getppid()
        lifeline = _launch.Lifeline()
        launch = _launch.parse(lifeline.read_line())
        # A program that a handler starts is no worker because we are one.
        os.environ.pop(_launch.MARKER, None)
        ledger = _ledger.Ledger.open(launch.ledger, launch.incarnation, launch.concurrency) if launch.ledger else None
        if ledger:
            ledger.stage(_ledger.PROCESS_STARTED)
        lifeline.watch(lambda in_its_own_time: departure.lifeline_ended(in_its_own_time, launch.drain_seconds))
        if not _die_with(parent):
            return _launch.SUCCESS
        _heed_termination(departure)
        _prepare(prepare, ledger)
        tasks.closed = True
        return _serve(launch, ledger, departure)
    except LaunchError as error:
        print(f"workerhost.worker: cannot serve: {error}", file=sys.stderr, flush=True)
        return error.code


def _prepare(prepare, ledger):
    if prepare is None:
        return
    if ledger:
        ledger.stage(_ledger.INITIALIZING)
    try:
        prepare()
    except LaunchError:
        raise
    except BaseException as error:
        # The whole of it first, so that its type and message are among the last lines.
        traceback.print_exc()
        raise LaunchError(f"its program could not be loaded: {type(error).__name__}: {error}") from None
    if ledger:
        ledger.stage(_ledger.INITIALIZED)


def _serve(launch, ledger, departure):
    core = Core(launch, tasks, ledger)
    health = Health()
    server = _make_server(core, health)
    ended = threading.Event()

    def control():
        if ledger:
            ledger.stage(_ledger.WARMED_UP)
        if not departure.asked.is_set():
            health.set_serving(True)
            if ledger:
                ledger.stage(_ledger.READY)
        departure.asked.wait()
        health.set_serving(False)
        if ledger:
            ledger.stage(_ledger.DRAINING)
        _drain(core, departure)
        # The last answers are written. Connections end with the process: peers need not be waited for.
        server.stop(grace=None)
        core.queue.stop()
        # A handler that is still in the main thread, or a hook of the program's: nobody waits for it.
        ended.wait(_EXIT_GRACE_SECONDS if core.is_empty() else 0)
        if not ended.is_set():
            _flush()
            os._exit(_launch.SUCCESS)

    server.start()
    if ledger:
        ledger.stage(_ledger.LISTENING)
    for lane in core.lanes[1:]:
        lane.start()
    threading.Thread(target=control, name="workerhost control", daemon=True).start()
    core.lanes[0].run()
    ended.set()
    _leave_within(_EXIT_GRACE_SECONDS)
    return _launch.SUCCESS


def _make_server(core, health):
    launch = core.launch
    limit = max(launch.max_message_bytes, 256 * 1024) + 64 * 1024
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(_MOST_CALLS, "workerhost call"),
        handlers=(health.handler(),),
        interceptors=(Secret(launch.secret, launch.worker),) if launch.secret else (),
        options=(
            ("grpc.max_receive_message_length", limit),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_metadata_size", 64 * 1024),
            ("grpc.so_reuseport", 0),
            # HttpClient of .NET measures the round trip with pings.
            ("grpc.http2.max_ping_strikes", 0),
            ("grpc.keepalive_permit_without_calls", 1),
        ))
    task_endpoint_pb2_grpc.add_TaskEndpointServicer_to_server(TaskEndpoint(core), server)
    address = launch.address
    if address.startswith("unix://"):
        # A path as it is; gRPC reads an address as a URI.
        target = "unix:" + urllib.parse.quote(address[len("unix://"):])
    elif address.startswith("http://"):
        target = address[len("http://"):].rstrip("/")
        if not launch.secret:
            raise LaunchError(f"the address {address} is TCP, and the launch line has no secret")
    else:
        raise LaunchError(f'the address {address} is neither "unix:///path" nor "http://host:port"')
    try:
        bound = server.add_insecure_port(target)
    except RuntimeError as error:
        raise LaunchError(f"cannot listen on {address}: {error}") from None
    if not bound:
        raise LaunchError(f"cannot listen on {address}")
    return server


def _drain(core, departure):
    core.drain()
    until = None if departure.in_its_own_time else time.monotonic() + core.launch.drain_seconds
    # What was told to stop and does not return from native code is what this process is being stopped for: nobody waits for it.
    if core.await_empty(until, lambda: departure.hurried or core.all_stuck()) or core.all_stuck():
        return
    core.cancel_running()
    core.await_empty(time.monotonic() + _CANCEL_GRACE_SECONDS, lambda: False)


def _heed_termination(departure):
    """The watcher hears of SIGTERM also while the main thread is in native code, where Python's own handlers have to wait."""
    read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(read, True)

    def terminated(*_):
        # asyncio takes the descriptor for itself where a handler asks its loop for signals: then the watcher has not heard.
        other = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        if other != write:
            departure.signalled()
            if other >= 0:
                signal.set_wakeup_fd(other, warn_on_full_buffer=False)

    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    owner = os.getpid()

    def watch():
        while signals := os.read(read, 64):
            for _ in range(signals.count(signal.SIGTERM)):
                departure.signalled()

    def forget():
        # A process that a handler forks must not speak for us.
        if threading.current_thread() is threading.main_thread() and os.getpid() != owner:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
        let_through()

    def let_through():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    # Blocked meanwhile: a signal for the child that comes before it has forgotten would be ours.
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}), after_in_parent=let_through, after_in_child=forget)
    threading.Thread(target=watch, name="workerhost signals", daemon=True).start()


def _die_with(parent):
    """Lets the kernel kill this process with its supervisor, where that has not asked for it already. False: it is gone."""
    if not sys.platform.startswith("linux"):
        return True
    libc = ctypes.CDLL(None, use_errno=True)
    get_signal, set_signal = 2, 1
    wanted = ctypes.c_int(0)
    if libc.prctl(get_signal, ctypes.byref(wanted), 0, 0, 0) == 0 and wanted.value:
        return True
    libc.prctl(set_signal, int(signal.SIGKILL), 0, 0, 0)
    return os.getppid() == parent


def _leave_within(seconds):
    def leave():
        time.sleep(seconds)
        _flush()
        os._exit(_launch.SUCCESS)

    threading.Thread(target=leave, name="workerhost exit", daemon=True).start()


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
