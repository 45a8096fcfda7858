"""A worker launched by what the worker contract says and nothing else, and spoken to with plain stubs."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import grpc

from workerhost.v1 import failure_pb2, session_pb2, task_endpoint_pb2, task_endpoint_pb2_grpc

PATIENCE_SECONDS = 20
HERE = pathlib.Path(__file__).resolve().parent


class LaunchedWorker:
    def __init__(self, *arguments, environment=None, ledger=True, prefix="wh-py-", **line):
        self._folder = tempfile.TemporaryDirectory(prefix=prefix)
        self.folder = pathlib.Path(self._folder.name)
        self.ledger = self.folder / "ledger"
        self.address = f"unix://{self.folder / 's'}"
        self.line = {
            "minProtocol": 1, "maxProtocol": 1, "pool": "python", "slot": 2, "incarnation": 3, "address": self.address, "hostInstance": "the-test",
            "concurrency": 1, "drainMilliseconds": 1000, "maxMessageBytes": 1 << 20, **({"ledger": str(self.ledger)} if ledger else {}), **line}
        if ledger:
            self.ledger.write_bytes(blank_ledger(self.line["concurrency"], self.line["incarnation"]))
        self.process = subprocess.Popen(
            [sys.executable, *(arguments or ("-m", "workerhost.worker", "handlers")), "--workerhost-worker", "python"], cwd=HERE,
            env={**os.environ, "WORKERHOST_WORKER": "1", **(environment or {})}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        self.process.stdin.write(json.dumps(self.line).encode() + b"\n")
        self.process.stdin.flush()
        self.channel = grpc.insecure_channel("unix:" + urllib.parse.quote(self.address[len("unix://"):]), options=(("grpc.max_receive_message_length", -1),))
        self.stub = task_endpoint_pb2_grpc.TaskEndpointStub(self.channel)

    def __enter__(self):
        self.await_health(b"\x08\x01")
        return self

    def __exit__(self, *_):
        self.channel.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        self._folder.cleanup()

    def await_health(self, wanted):
        call = self.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", wait_for_ready=True, timeout=PATIENCE_SECONDS)
        assert any(answer == wanted for answer in call)
        call.cancel()

    def run(self, task, *arguments, timeout=PATIENCE_SECONDS, **fields):
        payload = task_endpoint_pb2.Payload(data=json.dumps(arguments).encode())
        return json.loads(self.stub.Run(task_endpoint_pb2.RunRequest(task=task, payload=payload, **fields), timeout=timeout).result.data)

    def ended(self):
        """Exit code and stderr of the process, which is on its way out."""
        _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, errors.decode()

    def marks(self):
        """(tasks finished, [(started of each session)], [(session, sequence, state) of each lane])."""
        page = self.ledger.read_bytes()
        word = lambda at, size=8: int.from_bytes(page[at:at + size], "little")
        lanes = [(word(at), word(at + 8), word(at + 16, 4)) for at in range(0x140, 0x140 + 32 * self.line["concurrency"], 32)]
        return word(0x28), {word(at): word(at + 8) for at in range(0x40, 0x140, 16) if word(at)}, lanes


def blank_ledger(lanes, incarnation):
    page = bytearray((0x140 + lanes * 32 + 4095) // 4096 * 4096)
    page[:8] = b"WHLEDGR1"
    page[8:12] = lanes.to_bytes(4, "little")
    page[16:24] = incarnation.to_bytes(8, "little")
    return bytes(page)


def failure_of(error):
    """The TaskFailure in a call's trailers: the detail of a google.rpc.Status."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    # An Any's value is the last field of the only detail.
    start = details.index(b"type.googleapis.com/workerhost.v1.TaskFailure") + len(b"type.googleapis.com/workerhost.v1.TaskFailure") + 1
    length = shift = 0
    while True:
        byte = details[start]
        length |= (byte & 0x7F) << shift
        start, shift = start + 1, shift + 7
        if byte < 0x80:
            break
    return failure_pb2.TaskFailure.FromString(details[start:start + length])


class Session:
    """Frames as they are written here, and what comes back."""

    def __init__(self, worker, key=77, **hello):
        self._requests = queue.SimpleQueue()
        self.key = key
        self.call = worker.stub.OpenSession(iter(self._requests.get, None))
        self.send(hello=session_pb2.ClientHello(**{"min_protocol": 1, "max_protocol": 1, "session_key": key, "id_prefix": "t", **hello}))
        self.outcomes, self.progress, self.started, self.draining = {}, [], [], False
        self.changed = threading.Condition()
        self.error = None
        self._sequence = 0

    def open(self):
        self.hello = next(self.call).hello
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def send(self, **frame):
        self._requests.put(session_pb2.SessionRequest(**frame))

    def submit(self, task, *arguments, **fields):
        self._sequence += 1
        fields.setdefault("data", json.dumps(arguments).encode())
        self.send(tasks=[session_pb2.TaskSubmission(sequence=self._sequence, number=self._sequence, task=task, **fields)])
        return self._sequence

    def submit_many(self, count, task, *arguments):
        first = self._sequence + 1
        self._sequence += count
        data = json.dumps(arguments).encode()
        self.send(tasks=[session_pb2.TaskSubmission(sequence=n, number=n, task=task, data=data) for n in range(first, first + count)])
        return range(first, first + count)

    def outcome(self, sequence):
        self.until(lambda: sequence in self.outcomes)
        return self.outcomes[sequence]

    def until(self, fact):
        with self.changed:
            assert self.changed.wait_for(lambda: fact() or self.error is not None, PATIENCE_SECONDS), "not within patience"
        assert fact(), self.error

    def close(self):
        self._requests.put(None)

    def _read(self):
        error = "the session has ended"
        try:
            for frame in self.call:
                with self.changed:
                    self.progress.extend(frame.progress)
                    self.started.extend(frame.started)
                    self.outcomes.update((outcome.sequence, outcome) for outcome in frame.outcomes)
                    self.draining |= frame.draining
                    self.changed.notify_all()
        except grpc.RpcError as broken:
            error = broken
        with self.changed:
            self.error = error
            self.changed.notify_all()
