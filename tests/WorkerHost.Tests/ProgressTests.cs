using System.Threading.Channels;

namespace WorkerHost.Tests;

/// <summary>What handlers say of how far they are.</summary>
public sealed class ProgressTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private WorkerPool Pool => shared.Pool;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_report_comes_while_the_handler_runs()
    {
        var path = TestPool.NewPath();
        var heard = new Heard();
        var future = Pool.Submit<string>("report_and_wait", [0.5, "half of it", path], new TaskOptions { Progress = heard, Id = "reporting" });

        Assert.Equal(new TaskProgress("reporting", 0.5, "half of it"), await heard.NextAsync());
        Assert.False(future.IsDone);
        await File.WriteAllTextAsync(path, "", Token);
        Assert.Equal("half of it", await future.Task.WaitAsync(TestPool.Patience, Token));
        File.Delete(path);
    }

    [Fact]
    public async Task Reports_come_in_order_the_last_one_always_and_the_others_where_there_is_time()
    {
        var heard = new Heard();
        var future = Pool.Submit<int>("report", [100_000], new TaskOptions { Progress = heard });
        double last = 0;
        var count = 0;
        while (last < 1)
        {
            var next = await heard.NextAsync();
            Assert.True(next.Fraction > last, $"{next.Fraction} came after {last}");
            Assert.Equal((future.Id, $"step {(int)Math.Round(next.Fraction * 100_000)}"), (next.TaskId, next.Message));
            last = next.Fraction;
            count++;
        }

        Assert.InRange(count, 1, 99_999);
        Assert.Equal(100_000, await future.Task.WaitAsync(TestPool.Patience, Token));
    }

    [Fact]
    public async Task A_caller_who_is_busy_with_a_report_gets_the_newest_next()
    {
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        var heard = new Heard(first: () =>
        {
            entered.TrySetResult();
            leave.Task.Wait(TestPool.Patience);
        });
        var path = TestPool.NewPath();
        var future = Pool.Submit("report_first_and_last", [1000, path], new TaskOptions { Progress = heard });
        await entered.Task.WaitAsync(TestPool.Patience, Token);
        await File.WriteAllTextAsync(path, "", Token);
        await future.Completion.WaitAsync(TestPool.Patience, Token);

        // The end of the task came over the session behind its last report.
        leave.SetResult();
        Assert.Equal("first", (await heard.NextAsync()).Message);
        Assert.Equal(new TaskProgress(future.Id, 1, "last"), await heard.NextAsync());
        File.Delete(path);
    }

    [Fact]
    public async Task What_is_reported_behind_the_end_is_dropped()
    {
        var heard = new Heard();
        var path = TestPool.NewPath();
        await Pool.Submit("report_behind", [path], options: new TaskOptions { Progress = heard }).Completion.WaitAsync(TestPool.Patience, Token);
        Assert.Equal("while it runs", (await heard.NextAsync()).Message);
        await File.WriteAllTextAsync(path, "", Token);
        await TestPool.Until(() => !File.Exists(path));

        // It was reported by then, and over the same sessions nothing came of it.
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Pool.Submit<int>("increment", [i]).Task)), static _ => { });
        Assert.False(heard.HasMore);
    }

    [Fact]
    public async Task A_listener_that_throws_harms_nobody_and_a_fraction_outside_is_taken_as_the_nearest()
    {
        var path = TestPool.NewPath();
        await File.WriteAllTextAsync(path, "", Token);
        var heard = new Heard(first: static () => throw new InvalidOperationException("told to"));
        Assert.Equal("a", await Pool.Submit<string>("report_and_wait", [-7.0, "a", path], new TaskOptions { Progress = heard }).Task.WaitAsync(TestPool.Patience, Token));
        Assert.Equal(0.0, (await heard.NextAsync()).Fraction);
        await Pool.Submit<string>("report_and_wait", [7.0, new string('ä', 5000), path], new TaskOptions { Progress = heard }).Task.WaitAsync(TestPool.Patience, Token);
        var cut = await heard.NextAsync();
        Assert.Equal(1.0, cut.Fraction);
        Assert.InRange(cut.Message.Length, 200, 256);
        File.Delete(path);
    }

    [Fact]
    public async Task Who_does_not_ask_hears_nothing_and_pays_nothing()
    {
        Assert.Equal(1000, await Pool.Submit<int>("report", [1000]).Task.WaitAsync(TestPool.Patience, Token));
    }

    /// <summary>Keeps what it is told; not <see cref="Progress{T}"/>, which calls on other threads again.</summary>
    private sealed class Heard(Action? first = null) : IProgress<TaskProgress>
    {
        private readonly Channel<TaskProgress> all = Channel.CreateUnbounded<TaskProgress>();
        private Action? first = first;

        public bool HasMore => all.Reader.TryPeek(out _);

        public void Report(TaskProgress value)
        {
            all.Writer.TryWrite(value);
            Interlocked.Exchange(ref first, null)?.Invoke();
        }

        public Task<TaskProgress> NextAsync() => all.Reader.ReadAsync(Token).AsTask().WaitAsync(TestPool.Patience);
    }
}
