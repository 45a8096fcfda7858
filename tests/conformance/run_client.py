"""Runs the client cases with the Python client: run_client.py TARGETS CASES SLOW. README.md says what a runner does."""

import base64
import concurrent.futures
import json
import math
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import threading
import time

import workerhost

PATIENCE = 30.0

OUTCOMES = [
    (concurrent.futures.CancelledError, "cancelled"),
    (workerhost.TaskFailed, "task-failed"),
    (workerhost.UnknownTask, "unknown-task"),
    (workerhost.BadInput, "bad-input"),
    (workerhost.TaskTimeout, "deadline-exceeded"),
    (workerhost.Rejected, "rejected"),
    (workerhost.NoWorkers, "no-workers"),
    (workerhost.WorkerLost, "worker-lost"),
    (workerhost.Quarantined, "quarantined"),
    # Of a connection.
    (workerhost.VersionMismatch, "version-mismatch"),
    (workerhost.HostRefused, "refused"),
    (workerhost.HostUnavailable, "host-unavailable"),
]


class CaseFailed(Exception):
    pass


def require(condition, otherwise):
    if not condition:
        raise CaseFailed(otherwise)


def only(step, *allowed):
    unknown = set(step) - set(allowed)
    require(not unknown, f"fields that the runner does not know: {sorted(unknown)}")


class Ending:
    """How something ended: a task, a stream, a connection, a close."""

    def __init__(self, outcome, result=None, items=None, error=None):
        self.outcome, self.result, self.items, self.error = outcome, result, items, error

    @staticmethod
    def of(work, good="succeeded"):
        try:
            return Ending(good, work())
        except BaseException as error:  # CancelledError may be one
            return Ending.failed(error)

    @staticmethod
    def failed(error, items=None):
        for kind, outcome in OUTCOMES:
            if isinstance(error, kind):
                return Ending(outcome, items=items, error=error)
        raise error


class Case:
    """One case on its way. `values` that stand for others are resolved against what was kept."""

    def __init__(self, client, targets, directory):
        self.targets, self.directory = targets, directory
        self.clients = {"host": client}
        self.endings, self.stops, self.kept, self.reports = {}, {}, {}, {}

    # ---- values ----------------------------------------------------------------------------------------------

    def text(self, value):
        return value.replace("{dir}", self.directory)

    def resolve(self, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.resolve(one) for one in value]
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)).startswith("$"):
                return self.special(*next(iter(value.items())))
            return {name: self.resolve(one) for name, one in value.items()}
        return value

    def special(self, name, value):
        if name == "$kept":
            return self.kept[value]
        if name == "$repeat":
            return value[0] * value[1]
        raise CaseFailed(f"no value is written {name}")

    @staticmethod
    def bytes(value):
        return bytes([value["byte"]]) * value["count"] if isinstance(value, dict) else base64.b64decode(value)

    def differs(self, expected, actual, at="the result"):
        """What differs; None: nothing."""
        if isinstance(expected, dict) and len(expected) == 1 and next(iter(expected)).startswith("$"):
            name, value = next(iter(expected.items()))
            if name == "$any":
                return None
            if name == "$not":
                return None if self.differs(value, actual) else f"{at} is {short(actual)}, which it must not be"
            if name == "$has":
                return self.lacks(value, actual, at)
            return self.differs(self.special(name, value), actual, at)
        if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
            return next(filter(None, (self.differs(e, a, f"{at}[{i}]") for i, (e, a) in enumerate(zip(expected, actual)))), None)
        if isinstance(expected, dict) and isinstance(actual, dict) and len(expected) == len(actual):
            return self.lacks(expected, actual, at)
        if isinstance(expected, str):
            expected = self.text(expected)
        same = expected == actual and isinstance(expected, bool) == isinstance(actual, bool)
        return None if same else f"{at} is {short(actual)}; expected is {short(expected)}"

    def lacks(self, expected, actual, at):
        if not isinstance(actual, dict):
            return f"{at} is {short(actual)}; expected is an object"
        for name, value in expected.items():
            difference = self.differs(value, actual[name], f"{at}.{name}") if name in actual else f"{at} has no {name}"
            if difference:
                return difference
        return None

    # ---- steps -----------------------------------------------------------------------------------------------

    def run(self, steps):
        for number, step in enumerate(steps, 1):
            try:
                require(len(step) == 1, f"a step has {len(step)} verbs")
                (verb, fields), = step.items()
                do = getattr(self, "do_" + verb.replace("-", "_"), None)
                require(do, f"a step that the runner does not know: {verb}")
                do(fields)
            except Exception as error:
                raise CaseFailed(f"step {number} of {len(steps)}, {json.dumps(step, ensure_ascii=False)[:300]}: {error or repr(error)}") from error

    def end(self):
        """Leaves no task and no client behind."""
        for stop in self.stops.values():
            stop()
        for name, client in self.clients.items():
            if name != "host":
                client.close()

    def begin(self, name, ending):
        require(name not in self.endings, f"two things of one case are called {name}")
        self.endings[name] = ending

    def in_thread(self, name, work):
        future = concurrent.futures.Future()

        def run():
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True, name=name).start()
        self.begin(name, future)

    def prepared(self, step):
        only(step, "as", "task", "arguments", "bytes", "options", "progress", "client", "take")
        given = dict(step.get("options", {}))
        options = {}
        for ours, theirs in (("id", "id"), ("idempotent", "idempotent"), ("attempts", "max_attempts"), ("priority", "priority"), ("affinityKey", "affinity_key"), ("headers", "headers")):
            if ours in given:
                options[theirs] = self.resolve(given.pop(ours))
        if "timeLimitMs" in given:
            options["timeout"] = given.pop("timeLimitMs") / 1000
        require(not given, f"options that the runner does not know: {sorted(given)}")
        if step.get("progress"):
            heard = self.reports[step["as"]] = []
            options["progress"] = lambda fraction, message: heard.append((fraction, message))
        arguments = [self.bytes(step["bytes"])] if "bytes" in step else self.resolve(step.get("arguments", []))
        return self.clients[step.get("client", "host")].options(**options), step["task"], arguments

    def do_submit(self, step):
        try:
            client, task, arguments = self.prepared(step)
            future = client.submit(task, *arguments)
        except workerhost.WorkerHostError as error:
            self.begin(step["as"], done(Ending.failed(error)))
            return
        self.stops[step["as"]] = future.cancel
        self.in_thread(step["as"], lambda: Ending.of(future.result))

    def do_stream(self, step):
        items = []
        try:
            client, task, arguments = self.prepared(step)
            stream = client.stream(task, *arguments)
        except workerhost.WorkerHostError as error:
            self.begin(step["as"], done(Ending.failed(error, items)))
            return
        self.stops[step["as"]] = stream.cancel

        def loop():
            try:
                for item in stream:
                    items.append(item)
                    if len(items) == step.get("take"):
                        return Ending("left", items=items)
                return Ending("succeeded", items=items)
            except BaseException as error:
                return Ending.failed(error, items)

        self.in_thread(step["as"], loop)

    def do_many(self, step):
        only(step, "count", "client")
        futures = [self.clients[step.get("client", "host")].submit("add", i, 1) for i in range(step["count"])]
        for i, future in enumerate(futures):
            require(future.result(PATIENCE) == i + 1, f"{i} and 1 are {future.result()}")

    def do_cancel(self, step):
        only(step, "of")
        self.stops[step["of"]]()

    def do_wait_lines(self, step):
        only(step, "path", "count")
        until(lambda: lines(self.text(step["path"])) >= step["count"], PATIENCE, lambda: f"{lines(self.text(step['path']))} lines are there")

    def do_lines(self, step):
        only(step, "path", "count")
        there = lines(self.text(step["path"]))
        require(there == step["count"], f"{there} lines are there")

    def do_kill(self, step):
        only(step, "path", "signal")
        os.kill(last_pid(self.text(step["path"])), getattr(signal, f"SIG{step['signal']}"))

    def do_gone(self, step):
        only(step, "path", "withinMs")
        pid = last_pid(self.text(step["path"]))
        until(lambda: not alive(pid), step["withinMs"] / 1000, lambda: f"process {pid} is still there")

    def do_connect(self, step):
        only(step, "as", "to")

        def connect():
            self.clients[step["as"]] = client_of(self.targets[step["to"]])

        ending = Ending.of(connect, "connected")
        if ending.outcome == "bad-input":
            raise ending.error
        self.begin(step["as"], done(ending))

    def do_close(self, step):
        only(step, "client", "as")
        client = self.clients[step["client"]]
        self.in_thread(step["as"], lambda: Ending.of(client.close, "closed"))

    def do_expect(self, step):
        only(step, "of", "outcome", "result", "resultIsNull", "bytes", "items", "keep", "says", "error", "deaths", "death", "progress", "withinMs")
        within = step.get("withinMs", PATIENCE * 1000)
        try:
            ending = self.endings[step["of"]].result(within / 1000)
        except concurrent.futures.TimeoutError:
            raise CaseFailed(f"it has not ended within {within} ms") from None
        require(ending.outcome == step.get("outcome", "succeeded"), f"it ended as {ending.outcome}: {ending.error or short(ending.result)}")
        if "result" in step or step.get("resultIsNull"):
            self.agree(self.differs(step.get("result"), ending.result))
        if "bytes" in step:
            require(ending.result == self.bytes(step["bytes"]), f"the bytes are {short(ending.result)}")
        if "items" in step:
            self.agree(self.differs(step["items"], ending.items, "the list of items"))
        for member, name in step.get("keep", {}).items():
            self.kept[name] = ending.result[member]
        for part in map(self.text, step.get("says", [])):
            require(part in str(ending.error), f"the message does not say \"{part}\": {ending.error}")
        if "error" in step:
            self.check_error(step["error"], ending.error)
        if "deaths" in step:
            require(len(ending.error.deaths) == step["deaths"], f"it has {len(ending.error.deaths)} deaths to tell of")
        if "death" in step:
            only(step["death"], "signal", "exitCode")
            death = ending.error.deaths[-1]
            require(step["death"].get("signal", death.signal) == death.signal, f"the death was {death}")
            require(step["death"].get("exitCode", death.exit_code) == death.exit_code, f"the death was {death}")
        if "progress" in step:
            only(step["progress"], "last")
            self.check_progress(step["of"], tuple(step["progress"]["last"]))

    def check_error(self, expected, error):
        only(expected, "message", "messageStarts", "cause", "typeHas")
        require(error.type, "the error has no type")
        require(expected.get("typeHas", "") in error.type, f"the error's type is {error.type}")
        require("message" not in expected or error.message == self.text(expected["message"]), f"the error's message is {short(error.message)}")
        require(error.message.startswith(expected.get("messageStarts", "")), f"the error's message is {short(error.message)}")
        require("cause" not in expected or (error.cause is not None and error.cause.message == expected["cause"]), f"behind the error stands {error.cause!r}")

    def check_progress(self, name, last):
        heard = self.reports[name]
        until(lambda: heard and heard[-1] == last, PATIENCE, lambda: f"the last report is {heard[-1] if heard else None}")
        fractions = [fraction for fraction, _ in heard if not math.isnan(fraction)]
        require(fractions == sorted(fractions), f"the fractions fall: {fractions}")

    @staticmethod
    def agree(difference):
        require(difference is None, difference)


def done(value):
    future = concurrent.futures.Future()
    future.set_result(value)
    return future


def short(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


def until(fact, seconds, otherwise):
    end = time.monotonic() + seconds
    while not fact():
        require(time.monotonic() < end, otherwise())
        time.sleep(0.002)


def lines(path):
    try:
        return pathlib.Path(path).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def last_pid(path):
    return [int(line.split()[0]) for line in pathlib.Path(path).read_text().splitlines() if re.match(r"\d+ ", line)][-1]


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def client_of(target):
    return workerhost.connect(target["address"], token=target.get("token"), pool=target.get("pool", ""))


def concerns(case, capabilities, slow):
    return case["for"] in ("client", "both") and case.get("slow", False) == slow and capabilities.issuperset(case.get("needs", []))


def main(targets, cases, slow):
    here = pathlib.Path(__file__).resolve().parent
    entries = {entry["name"]: entry for entry in json.loads((here / "clients.json").read_text())}
    capabilities = set(entries[os.environ["WORKERHOST_CONFORMANCE_NAME"]]["capabilities"])
    targets = json.loads(pathlib.Path(targets).read_text())
    with client_of(targets["host"]) as client:
        for path in sorted(pathlib.Path(cases).glob("*.json")):
            theme = json.loads(path.read_text())
            for case in theme["cases"]:
                if concerns(case, capabilities, slow == "1"):
                    message = judge(case, client, targets)
                    print(json.dumps({"case": f"{theme['theme']}/{case['name']}", "passed": not message, "message": message}), flush=True)


def judge(case, client, targets):
    """What is wrong; empty: nothing."""
    directory = tempfile.mkdtemp(prefix="wh-case-")
    run = Case(client, targets, directory)
    try:
        run.run(case["steps"])
        return ""
    except CaseFailed as error:
        return str(error)
    finally:
        run.end()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
