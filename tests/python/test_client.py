"""Named tasks on a host whose workers are in .NET, from Python."""

import asyncio
import concurrent.futures
import json
import os
import signal
import threading

import grpc
import pytest
from google.protobuf.wrappers_pb2 import Int32Value
from hosts import Host, in_a_fork, test_worker as worker_program, until

import workerhost
import workerhost.aio


@pytest.fixture(scope="module")
def host():
    command = {"fileName": worker_program()}
    host = Host({
        "images": {"command": command, "workers": 2, "cancelGrace": "300ms", "terminateGrace": "500ms"},
        # It takes a task only while its one lane is free.
        "narrow": {"command": command, "workers": 1, "queueCapacity": 0},
    })
    yield host
    host.close()


@pytest.fixture(scope="module")
def client(host):
    with workerhost.connect(host.address, pool="images") as client:
        # Its workers are ready.
        assert client.submit("add", 20, 22).result(30) == 42
        yield client


def test_a_task_is_submitted_by_its_name(client):
    future = client.submit("add", 1, 2)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(10) == 3
    assert "add" in client.tasks()


def test_map_is_ordered_and_futures_work_with_those_of_the_standard_library(client):
    assert list(client.map("add", range(200), range(200))) == [2 * i for i in range(200)]
    futures = [client.submit("add", i, 0) for i in range(50)]
    assert {f.result() for f in concurrent.futures.as_completed(futures, timeout=10)} == set(range(50))
    assert concurrent.futures.wait(futures, timeout=10).not_done == set()


def test_map_reads_no_further_ahead_than_told(client):
    read = []

    def numbers():
        for i in range(100):
            read.append(i)
            yield i

    results = client.map("increment", numbers(), buffersize=3)
    assert len(read) == 3
    assert next(results) == 1
    assert len(read) == 4
    assert list(results) == list(range(2, 101))


def test_results_are_what_the_task_returns(client):
    assert client.submit("greet", "Zoë").result(10) == "Hello, Zoë"
    assert client.submit("upper", "𝄞 ärger").result(10) == "𝄞 ÄRGER"
    assert client.submit("nothing").result(10) is None
    assert client.submit("move", {"x": 1, "y": 2}, 0.5, 0.5).result(10) == {"x": 1.5, "y": 2.5}


def test_bytes_and_messages_travel_as_they_are(client):
    assert client.submit("echo", b"\x00\xff\n").result(10) == b"\x00\xff\n"
    increment = client.options(result=Int32Value)
    assert increment.submit("increment_message", Int32Value(value=41)).result(10) == Int32Value(value=42)


def test_large_payloads_go_in_pieces_and_small_ones_beside_them(client):
    large = os.urandom(5_000_000)
    futures = [client.submit("echo", large), client.submit("echo", large[:300_000])]
    small = [client.submit("add", i, 1) for i in range(100)]
    assert [f.result(30) for f in small] == list(range(1, 101))
    assert futures[0].result(30) == large
    assert futures[1].result(30) == large[:300_000]


def test_an_exception_of_the_task_says_what_it_was(client):
    with pytest.raises(workerhost.TaskFailed) as caught:
        client.submit("throw_with_cause", "no luck", "bad weather").result(10)
    error = caught.value
    assert error.type == "System.InvalidOperationException" and error.message == "no luck"
    assert error.cause.message == "bad weather" and error.cause.type == "System.FormatException"
    assert "DyingTasks.cs" in error.remote_traceback and "DyingTasks.cs" in str(error.__cause__)
    assert "no luck" in str(error) and error.task == "throw_with_cause" and error.worker.startswith("images/")


def test_what_cannot_be_done_is_told_by_its_own_error(client):
    with pytest.raises(workerhost.UnknownTask, match="nosuch"):
        client.submit("nosuch").result(10)
    with pytest.raises(workerhost.BadInput):
        client.submit("add", "one", "two").result(10)
    with pytest.raises(workerhost.BadInput, match="JSON"):
        client.submit("add", object(), 1)
    with pytest.raises(workerhost.BadInput, match="by name"):
        client.submit("add", a=1, b=2)
    with pytest.raises(workerhost.BadInput, match="function"):
        client.submit(len, "abc")
    with pytest.raises(workerhost.BadInput, match="priority is 7"):
        client.options(priority=7)
    for wrong in ({"idempotent": "no"}, {"timeout": "x"}, {"timeout": True}, {"max_attempts": 2.5}, {"progress": 1}, {"headers": 5}):
        with pytest.raises(workerhost.BadInput, match=next(iter(wrong))):
            client.options(**wrong)
    with pytest.raises(TypeError, match="there is no option 'timeuot'"):
        client.options(timeuot=1)


def test_a_worker_that_dies_takes_its_task_with_it_and_says_why(client, tmp_path):
    with pytest.raises(workerhost.WorkerLost) as caught:
        client.submit("signal", signal.SIGKILL).result(20)
    assert isinstance(caught.value, concurrent.futures.BrokenExecutor)
    death = caught.value.deaths[-1]
    assert death.signal == "SIGKILL" and death.pid > 0 and death.worker.startswith("images/")
    assert "SIGKILL" in str(death) and "SIGKILL" in str(caught.value)
    assert client.submit("add", 1, 1).result(20) == 2
    # The same again, of a task that may.
    again = client.options(idempotent=True).submit("die_if_missing", str(tmp_path / "died"))
    assert again.result(20) > 0


def test_a_task_that_keeps_killing_is_quarantined(client):
    with pytest.raises(workerhost.Quarantined) as caught:
        client.options(idempotent=True).submit("exit", 3).result(20)
    assert [death.exit_code for death in caught.value.deaths] == [3, 3]


def test_cancel_stops_a_task_that_runs(client, tmp_path):
    future = client.submit("meet", str(tmp_path / "here"), str(tmp_path / "never"))
    until(lambda: (tmp_path / "here").exists())
    assert future.running()
    told = threading.Event()
    future.add_done_callback(lambda _: told.set())
    assert future.cancel() and future.cancelled() and future.cancel()
    assert told.wait(5)
    with pytest.raises(concurrent.futures.CancelledError):
        future.result()
    done = client.submit("add", 1, 1)
    assert done.result(10) == 2 and not done.cancel()


def test_a_time_limit_ends_a_task(client):
    with pytest.raises(TimeoutError) as caught:
        client.options(timeout=0.2).submit("sleep", 60_000).result(10)
    assert isinstance(caught.value, workerhost.TaskTimeout)


def test_items_come_one_by_one(client, tmp_path):
    assert list(client.stream("count", 2500)) == list(range(2500))
    assert list(client.stream("count", 25, buffer=1)) == list(range(25))
    with pytest.raises(workerhost.TaskFailed):
        got = []
        for item in client.stream("count_then", 3, "throw"):
            got.append(item)
    assert got == [0, 1, 2]
    with pytest.raises(workerhost.BadInput):
        list(client.stream("add", 1, 2))


def test_leaving_the_loop_stops_the_task(client):
    stream = client.stream("count_all")
    for item in stream:
        if item == 5:
            break
    assert stream.future.cancelled()
    with pytest.raises(RuntimeError, match="another loop's"):
        list(stream)


def test_progress_is_told(client):
    said = []
    assert client.options(progress=lambda fraction, message: said.append((fraction, message))).submit("report", 4).result(10) == 4
    until(lambda: said and said[-1] == (1.0, "step 4"))


def test_headers_and_ids_reach_the_worker(client):
    facts = client.options(id="my-own-id", headers={"tenant": "ä"}).submit("worker").result(10)
    assert "my-own-id" in json.dumps(facts)


def test_asyncio_awaits_and_its_cancellation_stops(host, client, tmp_path):
    async def program():
        async with await workerhost.aio.connect(host.address, pool="images") as client:
            assert await client.submit("add", 1, 2) == 3
            assert [r async for r in client.map("increment", range(10), buffersize=3)] == list(range(1, 11))
            assert [i async for i in client.stream("count", 300)] == list(range(300))
            running = client.submit("meet", str(tmp_path / "here"), str(tmp_path / "never"))
            while not (tmp_path / "here").exists():
                await asyncio.sleep(0.005)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            with pytest.raises(workerhost.TaskFailed):
                await client.submit("throw", "no")
            with pytest.raises(workerhost.TaskTimeout):
                await client.options(timeout=0.1).submit("sleep", 60_000)

    asyncio.run(program())


def test_the_executor_over_a_host_has_the_shape_of_the_standard_library(host, client):
    with workerhost.Executor(host.address, pool="images") as executor:
        assert isinstance(executor, concurrent.futures.Executor)
        assert executor.submit("add", 1, 2).result(10) == 3
        assert list(executor.map("add", range(5), range(5), chunksize=2)) == [0, 2, 4, 6, 8]
        assert list(executor.options(priority=2).map("increment", range(9), buffersize=2)) == list(range(1, 10))
        # A host's workers take no pickles unless their own program has started them for that.
        with pytest.raises(workerhost.UnknownTask, match="python.call.*ProcessPoolExecutor"):
            executor.submit(pow, 2, 3).result(10)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit("add", 1, 2)


def test_what_a_full_host_refuses_is_submitted_again_when_it_says_so(host):
    with workerhost.connect(host.address, pool="narrow") as client:
        assert [f.result(20) for f in [client.submit("add", i, 1) for i in range(20)]] == list(range(1, 21))


def test_items_of_a_task_do_not_go_to_a_fork_of_the_program(client):
    stream = client.stream("count", 10_000_000, buffer=2)
    until(lambda: not stream.buffer.is_empty)
    assert "does not end here" in in_a_fork(lambda: list(stream))
    items = iter(stream)
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    items.close()


def test_a_client_that_is_forgotten_leaves_no_thread_behind(host):
    def ours():
        return [thread for thread in threading.enumerate() if thread.name == "workerhost-session"]

    before = len(ours())
    client = workerhost.connect(host.address, pool="images")
    last = client.submit("add", 1, 2)
    assert len(ours()) == before + 1
    del client
    assert last.result(10) == 3
    until(lambda: len(ours()) == before)


# ---- no host, the wrong host ---------------------------------------------------------------------------------


def test_nobody_at_the_address(tmp_path):
    with pytest.raises(workerhost.HostUnavailable, match="workerhost serve"):
        workerhost.connect(f"unix://{tmp_path}/nobody.sock", timeout=0.1)
    with pytest.raises(ConnectionError):
        workerhost.connect("127.0.0.1:1", timeout=0.1)
    with pytest.raises(workerhost.BadInput, match="no port"):
        workerhost.connect("localhost")
    with pytest.raises(workerhost.BadInput, match="107"):
        workerhost.connect("unix:///" + "x" * 120)


def test_a_pool_that_is_not_there(host):
    with pytest.raises(workerhost.HostRefused, match="images"):
        workerhost.connect(host.address, pool="nowhere")
    with pytest.raises(workerhost.HostRefused, match="images.*narrow"):
        workerhost.connect(host.address)


def _serve(answer):
    """A host that answers every session in this way."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    handler = grpc.stream_stream_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("workerhost.v1.TaskEndpoint", {"OpenSession": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"http://127.0.0.1:{port}"


def test_an_address_where_nobody_takes_tasks(host):
    with pytest.raises(workerhost.HostRefused, match="data plane, not of its admin plane"):
        workerhost.connect(f"unix://{host.directory / 'admin.sock'}")


def test_a_host_of_another_version():
    def refuse(requests, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no common protocol version: the client speaks 1 to 1, this host speaks 7 to 9")

    server, address = _serve(refuse)
    with pytest.raises(workerhost.VersionMismatch, match="7 to 9"):
        workerhost.connect(address)
    server.stop(0)


def test_a_host_that_wants_a_token():
    def refuse(requests, context):
        if ("authorization", "Bearer right") not in context.invocation_metadata():
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        from workerhost.v1 import session_pb2

        yield session_pb2.SessionResponse(hello=session_pb2.EndpointHello(protocol=1, concurrency=1)).SerializeToString()
        for _ in requests:
            pass

    server, address = _serve(refuse)
    with pytest.raises(workerhost.HostRefused, match="token="):
        workerhost.connect(address)
    with pytest.raises(workerhost.HostRefused, match="another token"):
        workerhost.connect(address, token="wrong")
    workerhost.connect(address, token="right").close()
    server.stop(0)


def test_after_close_nothing_is_taken(host):
    client = workerhost.connect(host.address, pool="images")
    last = client.submit("sleep", 100)
    client.close()
    assert last.done()
    with pytest.raises(RuntimeError, match="after shutdown"):
        client.submit("add", 1, 2)
