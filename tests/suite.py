"""Builds the solution, runs every test program one after another, and sums their result files.

Called by tests/run, which has the usage. The orphans of everything started here come to this process (it is a
"subreaper"), so what a test program leaves running is seen, reported as a failure, and killed.
"""

import argparse
import ctypes
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "TestResults"

# How long one test program may take. The default run is to stay below ten minutes in all, the slow one below forty.
TIMEOUT_SECONDS = {False: 9 * 60, True: 35 * 60}
BUILD_TIMEOUT_SECONDS = 15 * 60

# What a test program started may take to notice its end (a warden, a worker whose lifeline closed).
LINGER_SECONDS = 3

# The compiler server that `dotnet build` starts to be quick the next time; nobody's leak.
EXPECTED_LEFTOVER = re.compile(rb"VBCSCompiler|/MSBuild\.dll|nodemode")


# Suites in other languages: name, what tests/run calls the tool that they need, and the command. They run in the root of the repository,
# write JUnit XML to the path that stands for {results}, run their slow tests only where WORKERHOST_TEST_SLOW is 1, and only tests whose name
# contains WORKERHOST_TEST_FILTER where that is set. A testcase's property "scenario" is the number of a scenario.
FOREIGN_SUITES = [
    ("node", "node 20", ["node", "tests/node/run.mjs", "{results}"]),
    ("python", "pytest for python3", ["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml={results}", "tests/python"]),
]


class Suite:
    def __init__(self, options):
        self.options = options
        self.passed = self.failed = self.skipped = 0
        self.failures = []      # (title, text)
        self.skips = []         # (test, reason)
        self.scenarios = {}     # number -> [(test, result)]
        self.children = {}      # pid -> wait status, for children of our own that have ended
        self.environment = self.make_environment()

    @staticmethod
    def make_environment():
        environment = dict(os.environ)
        # Nothing of the build may stay behind, and two clones built at once must not share a compiler server.
        environment["MSBUILDDISABLENODEREUSE"] = "1"
        environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0"
        environment["SharedCompilationId"] = f"workerhost-{os.getpid()}"
        environment["DOTNET_NOLOGO"] = "1"
        environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1"
        return environment

    def fail(self, title, text=""):
        self.failed += 1
        self.failures.append((title, text))
        print(f"FAILED {title}", flush=True)

    # ---- processes -------------------------------------------------------------------------------------------

    def run(self, arguments, log, timeout, environment=None):
        """Runs to the end; answers the exit code, or None where it had to be killed for the timeout."""
        with open(log, "wb") as output:
            pid = os.posix_spawnp(
                arguments[0],
                [str(a) for a in arguments],
                environment or self.environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, output.fileno(), 2),
                ],
                setsid=True,
                # A shell that starts this behind its back has it ignored, and who inherits that cannot be interrupted.
                setsigdef=[signal.SIGINT, signal.SIGQUIT],
            )
        end = time.monotonic() + timeout
        while True:
            self.reap()
            if pid in self.children:
                return os.waitstatus_to_exitcode(self.children.pop(pid))
            if time.monotonic() > end:
                os.killpg(pid, signal.SIGKILL)
                self.wait_for(pid)
                return None
            time.sleep(0.02)

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.children[pid] = status

    def wait_for(self, pid):
        while pid not in self.children:
            self.reap()
            time.sleep(0.02)
        self.children.pop(pid)

    def left_running(self, patience=LINGER_SECONDS):
        """What is still alive below us a little later: [(pid, command line)]."""
        end = time.monotonic() + patience
        while True:
            self.reap()
            alive = [p for p in descendants(os.getpid()) if not EXPECTED_LEFTOVER.search(p[1])]
            if not alive or time.monotonic() > end:
                return alive
            time.sleep(0.05)

    def kill_all(self):
        while alive := descendants(os.getpid()):
            for pid, _ in alive:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.02)
            self.reap()

    # ---- the steps -------------------------------------------------------------------------------------------

    def check_tools(self):
        for tool in filter(None, self.options.missing.split(",")):
            if os.environ.get("CI") == "true":
                self.fail(f"missing tool: {tool}", "CI has to have every tool; tests/run names the package")
            else:
                print(f"!!! MISSING TOOL: {tool}: the tests that need it are SKIPPED (tests/run names the package)", flush=True)

    def build(self):
        # Not in locked mode: the lock files also hold what an SDK brings by itself (the ILLink package, and what
        # package pruning leaves out), so another patch of the same band would refuse them. A plain restore still
        # takes the locked versions where they fit, and rewrites the file, visibly for git, where they don't.
        started = time.monotonic()
        log = RESULTS / "build.log"
        solution = ROOT / "WorkerHost.sln"

        # What builds leaves directories and pipes in TMPDIR, its compiler server too, which is then of no more use.
        scratch = tempfile.mkdtemp(prefix="wh-")
        code = self.run(["dotnet", "build", solution, "-c", "Release", "-nologo", "-v", "minimal"], log, BUILD_TIMEOUT_SECONDS, {**self.environment, "TMPDIR": scratch})
        self.kill_all()
        shutil.rmtree(scratch, ignore_errors=True)
        if code == 0:
            print(f"built in {time.monotonic() - started:.0f} s", flush=True)
            return True
        text = log.read_text(errors="replace")
        errors = sorted({line.strip() for line in text.splitlines() if ": error " in line})
        self.fail("build", "\n".join(errors[:40]) or text[-4000:])
        return False

    def run_projects(self):
        projects = sorted((ROOT / "tests").glob("*.Tests/*.csproj"))
        if not projects:
            self.fail("no test project found", "expected tests/*.Tests/*.csproj")
        for project in projects:
            self.run_project(project)

    def run_project(self, project):
        name = project.stem
        programs = sorted(project.parent.glob(f"bin/Release/net*/{name}"))
        if not programs:
            self.fail(f"{name}: not built", f"{project} is not in WorkerHost.sln, or not a program")
            return
        results = RESULTS / f"{name}.xml"
        command = [programs[-1], "-noColor", "-noLogo", "-noAutoReporters", "-reporter", "verbose", "-result-xml", results]
        if not self.options.slow:
            command += ["-trait-", "Category=Slow"]
        if self.options.filter:
            command += ["-displayName", f"*{self.options.filter}*"]
        self.run_program(name, command, {}, lambda: self.read(results))

    def run_foreign(self):
        for name, tool, command in FOREIGN_SUITES:
            results = RESULTS / f"{name}.xml"
            if tool in self.options.missing.split(","):
                continue
            environment = {"WORKERHOST_TEST_SLOW": "1" if self.options.slow else "0", "WORKERHOST_TEST_FILTER": self.options.filter or ""}
            self.run_program(name, [part.replace("{results}", str(results)) for part in command], environment, lambda: self.read_junit(results))

    def run_program(self, name, command, environment, read):
        log = RESULTS / f"{name}.log"

        # A TMPDIR of its own, short enough for socket paths: what a test forgets to delete goes with it. Other users may
        # pass through it, as through /tmp: what is private has to see to that itself.
        scratch = tempfile.mkdtemp(prefix="wh-")
        os.chmod(scratch, 0o755)
        started = time.monotonic()
        code = self.run(command, log, TIMEOUT_SECONDS[self.options.slow], {**self.environment, **environment, "TMPDIR": scratch})
        seconds = time.monotonic() - started

        before = (self.passed, self.failed, self.skipped)
        counted = read()
        if code is None:
            self.fail(f"{name}: killed after {seconds:.0f} s", self.story(log))
        elif not counted or code < 0:
            self.fail(f"{name}: ended without results, {exit_text(code)}", self.story(log))
        elif code != 0 and self.failed == before[1]:
            self.fail(f"{name}: {exit_text(code)} although no test failed", self.story(log))
        if leftovers := self.left_running():
            self.fail(f"{name}: left processes running", "\n".join(f"{p} {c.replace(bytes(1), b' ').decode(errors='replace')}" for p, c in leftovers))
        self.kill_all()
        shutil.rmtree(scratch, ignore_errors=True)

        passed, failed, skipped = (now - then for now, then in zip((self.passed, self.failed, self.skipped), before))
        if passed or failed or skipped:
            print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.1f} s", flush=True)

    def read(self, results):
        try:
            assemblies = ElementTree.parse(results).getroot()
        except (OSError, ElementTree.ParseError):
            return False
        for test in assemblies.iter("test"):
            name, result = test.get("name"), test.get("result")
            if result == "NotRun":
                continue
            for trait in test.iter("trait"):
                if trait.get("name") == "Scenario":
                    for number in re.split(r"[,\s]+", trait.get("value").strip()):
                        self.scenarios.setdefault(number, []).append((name, result))
            if result == "Pass":
                self.passed += 1
            elif result == "Skip":
                self.skipped += 1
                self.skips.append((name, (test.findtext("reason") or "").strip()))
            else:
                self.fail(name, failure_text(test))
        for error in assemblies.iter("error"):
            self.fail(f"{error.get('type')} {error.get('name') or ''}".strip(), failure_text(error))
        return assemblies.find("assembly") is not None

    def read_junit(self, results):
        try:
            root = ElementTree.parse(results).getroot()
        except (OSError, ElementTree.ParseError):
            return False
        for test in root.iter("testcase"):
            name = ".".join(filter(None, (test.get("classname"), test.get("name"))))
            bad = [part for part in (test.find("failure"), test.find("error")) if part is not None]
            skipped = test.find("skipped")
            for number in test.iter("property"):
                if number.get("name") == "scenario":
                    result = "Fail" if bad else "Pass" if skipped is None else "Skip"
                    self.scenarios.setdefault(number.get("value"), []).append((name, result))
            if bad:
                self.fail(name, "\n".join(filter(None, (bad[0].get("message"), bad[0].text))))
            elif skipped is not None:
                self.skipped += 1
                self.skips.append((name, skipped.get("message") or ""))
            else:
                self.passed += 1
        return True

    @staticmethod
    def story(log):
        """What was running when a test program ended badly, and its last lines."""
        lines = log.read_text(errors="replace").splitlines()
        running = {}
        for line in lines:
            if match := re.match(r"\s+(.+) \[(STARTING|FINISHED|FAIL|SKIP|NOT RUN)\]", line):
                if match[2] == "STARTING":
                    running[match[1]] = True
                elif match[2] != "FAIL":
                    running.pop(match[1], None)
        # The cause stands right below the last line of the reporter; a crash's stack may be hundreds of wide lines.
        last = max((i for i, line in enumerate(lines) if re.search(r"\[(STARTING|FINISHED|FAIL|SKIP)\]", line)), default=0)
        return "\n".join([*(f"may have been running: {test}" for test in running), *(line[:240] for line in lines[last:last + 25])])

    # ---- the report ------------------------------------------------------------------------------------------

    def report(self):
        if self.options.scenarios:
            print("\nscenario  result  test")
            for number in sorted(self.scenarios, key=lambda n: (int(n), "") if n.isdigit() else (10**6, n)):
                for test, result in sorted(set(self.scenarios[number])):
                    print(f"{number:>8}  {result:<6}  {test}")
        if self.skips:
            print("\nskipped:")
            for test, reason in self.skips:
                print(f"  {test}: {reason}")
        if self.failures:
            print("\nfailed:")
            for title, text in self.failures:
                print(f"  {title}")
                for line in text.splitlines():
                    print(f"      {line}")
            print(f"\nlogs and result files: {RESULTS}")

    def total(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def exit_text(code):
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def failure_text(element):
    failure = element.find("failure")
    parts = [] if failure is None else [failure.findtext("message"), failure.findtext("stack-trace")]
    parts.append(element.findtext("output"))
    # xunit writes a quotation mark as a program would.
    return "\n".join(part.strip().replace('\\"', '"') for part in parts if part and part.strip())


def descendants(of):
    """Living processes below `of`, zombies left out: [(pid, command line)]."""
    parents, lines = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path(f"/proc/{entry}/stat").read_bytes()
            state, parent = stat.rsplit(b")", 1)[1].split()[:2]
            if state in (b"Z", b"X"):
                continue
            parents[int(entry)] = int(parent)
            lines[int(entry)] = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes()
        except (OSError, IndexError):
            continue
    found, border = [], {of}
    while border:
        border = {pid for pid, parent in parents.items() if parent in border}
        found += [(pid, lines[pid]) for pid in border]
    return found


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bash tests/run", description="Builds and runs every test.")
    parser.add_argument("--slow", action="store_true", help="also tests of Category=Slow")
    parser.add_argument("--scenarios", action="store_true", help="list scenario number, tests, results")
    parser.add_argument("--missing", default="", help=argparse.SUPPRESS)
    parser.add_argument("filter", nargs="?", metavar="FILTER", help="only tests whose full name contains this")
    return parser.parse_args(arguments)


def main():
    suite = Suite(parse(sys.argv[1:]))
    become_subreaper()
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir()
    try:
        suite.check_tools()
        if suite.build():
            suite.run_projects()
            suite.run_foreign()
    except KeyboardInterrupt:
        suite.fail("interrupted")
    finally:
        suite.kill_all()
    suite.report()
    print(suite.total(), flush=True)
    return 1 if suite.failed else 0


def become_subreaper():
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
