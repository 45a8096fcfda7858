using System.Diagnostics;
using System.Reflection;
using System.Text;
using Grpc.Core;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>A worker that is published native is a worker like any other.</summary>
[Trait("Category", "Slow")]
public sealed class NativeWorkerTests(NativeWorker native) : IClassFixture<NativeWorker>
{
    private const int SigStop = 19;

    [Fact]
    public void It_is_published_without_a_warning() => Assert.DoesNotContain("warning", native.Output, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public async Task It_becomes_ready_runs_bytes_values_records_and_messages_and_refuses_bad_input()
    {
        await using var pool = await StartAsync();

        Assert.Equal("bytes", Encoding.UTF8.GetString((await pool.SubmitBytes("echo", "bytes"u8.ToArray()).Task.WaitAsync(TestPool.Patience)).Span));
        Assert.Equal("Hello, Ada", await pool.Submit<string>("greet", ["Ada"]).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(new Place(11, 2), await pool.Submit<Place>("move", [new Place(1, 2), 10, 0]).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(new Shapes.Point(2, 1), await pool.Submit(Shapes.Mirror, new Shapes.Point(1, 2)).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(new byte[] { 2, 1 }, await pool.Submit(Shapes.Reverse, new byte[] { 1, 2 }).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(8, (await pool.Submit(Shapes.Next, new Google.Protobuf.WellKnownTypes.Int32Value { Value = 7 }).Task.WaitAsync(TestPool.Patience)).Value);
        var bad = await TestPool.FailureOf(pool.Submit<string>("greet", [1]));
        Assert.Equal(TaskFailureKind.BadInput, bad!.Kind);
        Assert.Contains("takes a JSON array of 2 arguments (string name, string greeting = Hello); argument \"string name\" could not be read", bad.Message, StringComparison.Ordinal);
        Assert.Equal("System.DivideByZeroException", (await TestPool.FailureOf(pool.Submit(Shapes.Divide, 1, 0)))!.Failure.Error!.Type);
    }

    [Fact]
    public async Task It_runs_functions_of_every_shape()
    {
        await using var pool = await StartAsync();
        foreach (var name in typeof(Shapes).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(static m => m.Name.Any(char.IsDigit)).Select(static m => m.Name))
        {
            int[] given = [.. new[] { 1, 10, 100, 1000 }.Take(name.First(char.IsDigit) - '0')];
            var value = await pool.Submit<int?>($"WorkerHost.Shapes.{name}", [.. given]).Task.WaitAsync(TestPool.Patience);

            Assert.Equal(name.StartsWith("Nothing", StringComparison.Ordinal) || name.StartsWith("Waits", StringComparison.Ordinal) ? null : given.Sum(), value);
            Assert.Equal($"{name} {given.Sum()} {name.EndsWith("Token", StringComparison.Ordinal)}", await pool.Submit(Shapes.Last).Task.WaitAsync(TestPool.Patience));
        }
    }

    [Fact]
    public async Task Its_ledger_proves_what_had_started_when_it_was_killed_and_what_had_not()
    {
        await using var pool = await StartAsync();
        var here = TestPool.NewPath();
        var started = pool.Submit<int>("wait_for_file", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here), "it runs");
        TestPool.Kill(pool.Workers[0].Pid);

        var failure = await TestPool.FailureOf(started);

        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Running), (failure?.Kind, failure?.Failure.Verdict));
        Assert.Equal([started.Id], failure!.Failure.Deaths[0].RunningTasks);
        File.Delete(here);

        await TestPool.Until(() => pool.Workers[0].State == SlotState.Ready);
        var frozen = pool.Workers[0].Pid;
        TestPool.Kill(frozen, SigStop);

        // A signal is on its way for a moment, and what it is for runs on meanwhile.
        await TestPool.Until(() => File.ReadAllText($"/proc/{frozen}/stat").Contains(") T ", StringComparison.Ordinal));
        var unstarted = pool.Submit<string>("greet", ["Ada"], new TaskOptions { Attempts = 1 });
        await TestPool.Until(() => unstarted.Attempts.Count == 1);
        TestPool.Kill(frozen);

        Assert.Equal("Hello, Ada", await unstarted.Task.WaitAsync(TestPool.Patience));
        Assert.NotEqual(frozen, Assert.Single(unstarted.Attempts).Pid);
    }

    [Fact]
    public async Task A_running_task_is_cancelled_and_what_a_handler_logs_arrives_with_its_fields()
    {
        using var loggers = new RecordingLoggers();
        await using var pool = await StartAsync(TestPool.Options() with { LoggerFactory = loggers });
        var here = TestPool.NewPath();
        var running = pool.Submit<int>("wait_for_file", [here, TestPool.NewPath()]);
        await TestPool.Until(() => File.Exists(here), "it runs");
        running.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Task.WaitAsync(TestPool.Patience));
        File.Delete(here);

        await pool.Submit("note", ["remember"]).Completion.WaitAsync(TestPool.Patience);

        var line = await loggers.Until(static l => l.Text.Contains("noted: remember", StringComparison.Ordinal));
        Assert.Equal("remember", line.State!.Single(static field => field.Key == "Text").Value);
    }

    [Fact]
    public async Task It_hosts_a_gRPC_service_of_the_users()
    {
        await using var pool = await StartAsync();
        var client = new Probe.ProbeClient(pool.CreateCallInvoker());

        Assert.Equal(7, (await client.EchoAsync(new Note { Number = 7 }).ResponseAsync.WaitAsync(TestPool.Patience)).Number);
        var status = await Assert.ThrowsAsync<RpcException>(() => client.ActAsync(new Script { Status = 5, Detail = "not here" }).ResponseAsync.WaitAsync(TestPool.Patience));
        Assert.Equal((StatusCode.NotFound, "not here"), (status.StatusCode, status.Status.Detail));
    }

    [Fact]
    public async Task A_type_that_was_not_declared_is_told_at_the_start_with_its_task_and_the_fix()
    {
        using var process = Process.Start(new ProcessStartInfo(native.Path, ["--undeclared"]) { RedirectStandardError = true })!;

        var said = await process.StandardError.ReadToEndAsync().WaitAsync(TestPool.Patience);

        Assert.Contains("parameter \"Undeclared value\" of task \"undeclared\" cannot travel as JSON: nothing was made for Undeclared at compile time", said, StringComparison.Ordinal);
        Assert.Contains("[JsonSerializable(typeof(Undeclared))] and hand it to WorkerApplication.AddJson", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_is_published_native_as_well()
    {
        using var process = Process.Start(new ProcessStartInfo(native.Path, ["--host"]) { RedirectStandardOutput = true })!;

        Assert.Equal("3 Place { X = 2, Y = 2 }\n", await process.StandardOutput.ReadToEndAsync().WaitAsync(TestPool.Patience));
    }

    private async Task<WorkerPool> StartAsync(EmbeddedPoolOptions? options = null)
    {
        var pool = await WorkerPool.StartAsync(WorkerCommand.Create(native.Path), options ?? TestPool.Options(), TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience);
        await TestPool.Until(() => pool.Workers[0].State == SlotState.Ready);
        return pool;
    }

    private sealed record Place(double X, double Y);
}
