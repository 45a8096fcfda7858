using System.Globalization;
using WorkerHost.Sidecar.Tests.Commands;
using WorkerHost.Sidecar.Tests.Serving;

namespace WorkerHost.Sidecar.Tests.Programs;

/// <summary><c>workerhost command-worker</c> under the real supervisor, around a program in Python.</summary>
public sealed class CommandWorkerTests(CommandWorkerTests.Fixture fixture) : IClassFixture<CommandWorkerTests.Fixture>
{
    private const string Program = """
        import json, os, subprocess, sys, time
        verb, *rest = json.load(sys.stdin)
        if verb == "add":
            print(sum(rest))
        elif verb == "who":
            print(json.dumps([os.environ["WORKERHOST_TASK"], os.environ["WORKERHOST_TASK_ID"], os.environ["WORKERHOST_ATTEMPT"], sys.argv[1:], os.environ.get("WORKERHOST_WORKER")]))
        elif verb == "exit":
            print("one\nwhat went wrong", file=sys.stderr)
            sys.exit(rest[0])
        elif verb == "signal":
            os.kill(os.getpid(), rest[0])
        elif verb == "say":
            print(rest[0])
        elif verb == "length":
            print(len(rest[0]))
        elif verb == "latin1":
            sys.stdout.buffer.write(b'"\xff"')
        elif verb == "flood":
            while True:
                sys.stdout.write("x" * 65536)
        elif verb == "sleep":
            child = subprocess.Popen(["sleep", "600"])
            with open(rest[0] + ".new", "w") as file:
                file.write(f"{os.getpid()} {child.pid} {os.getppid()}")
            os.rename(rest[0] + ".new", rest[0])
            time.sleep(600)
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private WorkerPool Pool => fixture.Pool!;

    [Fact]
    public async Task What_a_program_writes_to_stdout_is_the_result()
    {
        Assert.Equal(42, await Pool.Submit<int>("program", ["add", 20, 22]));
        Assert.Equal("grün", await Pool.Submit<string>("program", ["say", "\n \"grün\"\n"]));
        Assert.Null(await Pool.Submit<string?>("program", ["say", ""]));
        Assert.Equal(1_000_000, await Pool.Submit<int>("program", ["length", new string('x', 1_000_000)]));
    }

    [Theory]
    [InlineData("command-worker")]
    [InlineData("command-worker --task '' -- true")]
    [InlineData("command-worker --stop-grace soon -- true")]
    public async Task One_that_is_configured_wrong_says_so_with_the_code_that_is_not_tried_again_soon(string arguments)
    {
        var (code, _, error) = await BuiltProgram.InShell($"WORKERHOST_WORKER=1 \"$WORKERHOST\" {arguments} --workerhost-worker words </dev/null", "");

        Assert.Equal(WorkerExitCode.Misconfigured, code);
        Assert.StartsWith("workerhost", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_knows_its_task_and_has_its_own_arguments_as_they_are() => Assert.Equal(
        """["program","mine","1",["--flag","a b","$HOME"],null]""",
        (await Pool.Submit<System.Text.Json.JsonElement>("program", ["who"], new TaskOptions { Id = "mine" })).GetRawText().Replace(", ", ",", StringComparison.Ordinal));

    [Theory]
    [InlineData("exit", 3, "'python3' exited with 3:\none\nwhat went wrong", false)]
    [InlineData("exit", 75, "exited with 75, \"try again later\":\none\nwhat went wrong", true)]
    [InlineData("signal", 11, "'python3' was ended by SIGSEGV", false)]
    [InlineData("say", "no json", "is no JSON value", false)]
    [InlineData("say", "1 2", "is no JSON value", false)]
    [InlineData("latin1", 0, "is no JSON value: it is not UTF-8", false)]
    [InlineData("flood", 0, "wrote more than 2097152 bytes to stdout (MaxMessageBytes of the pool's options) and was killed", false)]
    public async Task Another_end_of_it_is_a_failure_that_says_how_it_ended(string verb, object argument, string words, bool retryable)
    {
        var failed = await Assert.ThrowsAsync<TaskException>(() => Pool.Submit<int>("program", [verb, argument]).Completion);

        Assert.Equal((TaskFailureKind.TaskFailed, retryable), (failed.Kind, failed.Failure.Retryable));
        Assert.Contains(words, failed.Failure.Error!.Message, StringComparison.Ordinal);
        Assert.Equal(2, await Pool.Submit<int>("program", ["add", 1, 1]));
    }

    [Fact]
    public async Task Cancelled_it_ends_with_everything_that_it_has_started_and_the_worker_lives()
    {
        var (future, pids) = await SleepingAsync();
        future.Cancel();
        await future.Settled;

        Assert.False(RunningHost.IsAlive(pids[0]), "the program lives");
        Assert.False(RunningHost.IsAlive(pids[1]), "what it started lives");
        Assert.True(RunningHost.IsAlive(pids[2]), "the worker is gone");
        Assert.Equal(2, await Pool.Submit<int>("program", ["add", 1, 1]));
    }

    [Fact]
    public async Task When_its_worker_is_killed_it_goes_with_it()
    {
        var (future, pids) = await SleepingAsync();
        await RunningHost.SignalAsync("KILL", pids[2]);

        Assert.Equal(TaskFailureKind.WorkerLost, (await Assert.ThrowsAsync<TaskException>(() => future.Completion)).Kind);
        await Eventually.IsTrue(() => !RunningHost.IsAlive(pids[0]) && !RunningHost.IsAlive(pids[1]), "the program and what it started are gone");
    }

    [Fact]
    public async Task By_hand_it_explains_itself()
    {
        var (code, _, error) = await BuiltProgram.InShell("\"$WORKERHOST\" command-worker --task count -- wc -l", "");
        Assert.Equal(64, code);
        Assert.Contains("It offers: count", error, StringComparison.Ordinal);
        (code, _, error) = await BuiltProgram.InShell("\"$WORKERHOST\" command-worker --task ' ' -- wc -l", "");
        Assert.Equal(2, code);
        Assert.Contains("--task", error, StringComparison.Ordinal);
    }

    private async Task<(TaskFuture<int> Future, int[] Pids)> SleepingAsync()
    {
        var path = Path.Combine(fixture.Directory.FullName, Guid.NewGuid().ToString("N"));
        var future = Pool.Submit<int>("program", ["sleep", path]);
        await Eventually.IsTrue(() => File.Exists(path), "the program runs");
        return (future, [.. (await File.ReadAllTextAsync(path, Ct)).Split(' ').Select(static pid => int.Parse(pid, CultureInfo.InvariantCulture))]);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public DirectoryInfo Directory { get; } = System.IO.Directory.CreateTempSubdirectory("wh-");

        public WorkerPool? Pool { get; private set; }

        public async ValueTask InitializeAsync() => Pool = await WorkerPool.StartAsync(
            WorkerCommand.Create(BuiltProgram.ProgramFile, "command-worker", "--task", "program", "--", "python3", "-c", Program, "--flag", "a b", "$HOME"),
            new EmbeddedPoolOptions { Workers = 1, MaxMessageBytes = 2 * 1024 * 1024 },
            cancellationToken: CancellationToken.None);

        public async ValueTask DisposeAsync()
        {
            await Pool!.DisposeAsync();
            Directory.Delete(recursive: true);
        }
    }
}
