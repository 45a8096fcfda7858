"""Connections that break, and hosts that die."""

import socket
import threading

import pytest
from hosts import Host, test_worker as worker_program, until

import workerhost


class Relay:
    """Between a client and a host; `cut` breaks what is open."""

    def __init__(self, directory, to):
        self.path, self.to = str(directory / "relay.sock"), to
        self.open = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        pairs, self.open = self.open, []
        for each in pairs:
            each.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self.to)
            except OSError:
                near.close()
                continue
            self.accepted += 1
            self.open += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(a, b), daemon=True).start()

    @staticmethod
    def _carry(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for each in (a, b):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.fixture(scope="module")
def host():
    host = Host({"images": {"command": {"fileName": worker_program()}, "workers": 2}})
    yield host
    host.close()


@pytest.mark.scenario("12")
def test_a_broken_connection_loses_no_task(host, tmp_path):
    relay = Relay(tmp_path, host.address[len("unix://"):])
    with workerhost.connect(f"unix://{relay.path}") as client:
        log = tmp_path / "log"
        running = [client.submit("meet", str(tmp_path / f"here{i}"), str(tmp_path / "go")) for i in range(2)]
        waiting = [client.submit("record", str(log), 0) for _ in range(300)]
        until(lambda: (tmp_path / "here0").exists() and (tmp_path / "here1").exists())
        for _ in range(3):
            before = relay.accepted
            relay.cut()
            until(lambda: relay.accepted > before)
        (tmp_path / "go").touch()
        assert all(f.result(20) > 0 for f in running)
        assert len({f.result(20) for f in waiting}) == 300
        # None of them is idempotent: each has run once.
        assert sum(line.split()[3] == "begin" for line in log.read_text().splitlines()) == 300
    relay.close()


def test_a_task_cancelled_while_the_connection_is_gone_is_stopped(host, tmp_path):
    relay = Relay(tmp_path, host.address[len("unix://"):])
    with workerhost.connect(f"unix://{relay.path}") as client:
        futures = [client.submit("meet", str(tmp_path / f"here{i}"), str(tmp_path / "never")) for i in range(2)]
        until(lambda: (tmp_path / "here0").exists() and (tmp_path / "here1").exists())
        relay.cut()
        for future in futures:
            assert future.cancel()
        # Both lanes are free again.
        assert client.submit("add", 1, 2).result(10) == 3
    relay.close()


@pytest.mark.slow
def test_when_the_host_is_restarted_only_what_may_run_again_does(tmp_path):
    host = Host({"images": {"command": {"fileName": worker_program()}, "workers": 2}})
    client = workerhost.connect(host.address)
    try:
        once = client.submit("meet", str(tmp_path / "once"), str(tmp_path / "go"))
        twice = client.options(idempotent=True).submit("meet", str(tmp_path / "twice"), str(tmp_path / "go"))
        until(lambda: (tmp_path / "once").exists() and (tmp_path / "twice").exists())
        host.kill()
        (tmp_path / "go").touch()
        host.start()
        with pytest.raises(workerhost.WorkerLost, match="restarted"):
            once.result(20)
        assert twice.result(20) > 0
        client.close()
    finally:
        host.close()


def test_without_a_host_nobody_waits_for_ever(tmp_path, monkeypatch):
    from workerhost import _session_loop

    monkeypatch.setattr(_session_loop, "_PATIENCE", 0.2)
    host = Host({"images": {"command": {"fileName": worker_program()}, "workers": 1}})
    client = workerhost.connect(host.address)
    assert client.submit("add", 1, 2).result(20) == 3
    host.close()
    # What is sent before the client knows may have come, and waits for the host for as long as that keeps tasks.
    until(lambda: client._connection._session is None)
    with pytest.raises(workerhost.HostUnavailable) as caught:
        client.submit("add", 1, 2).result(10)
    assert caught.value.never_started
    client.close()
