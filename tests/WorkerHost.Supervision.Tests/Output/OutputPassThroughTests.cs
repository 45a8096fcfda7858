using System.Text;

namespace WorkerHost.Supervision.Tests.Output;

[Trait("Scenario", "28")]
public sealed class OutputPassThroughTests
{
    private static readonly WorkerId Worker = new("default", 0, 1);

    [Fact]
    public async Task Lines_come_out_as_they_were_written_each_on_its_stream()
    {
        using var log = new RecordingLoggers();
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        await using (var sink = new OutputPassThrough(new OutputOptions(), log, stdout, stderr))
        {
            Assert.True(sink.TryWrite(new OutputLine(Worker, OutputStream.Stdout, [0xff, 0, 27], 0)));
            Assert.True(sink.TryWrite(new OutputLine(Worker, OutputStream.Stderr, "error"u8.ToArray(), 3)));
        }

        Assert.Equal([0xff, 0, 27, (byte)'\n'], stdout.ToArray());
        Assert.Equal("error\n", Encoding.ASCII.GetString(stderr.ToArray()));
        Assert.Contains("3 lines of output suppressed", Assert.Single(log.Lines).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_whose_output_nobody_reads_is_not_held_up()
    {
        using var log = new RecordingLoggers();
        using var stuck = new StuckStream();
        var sink = new OutputPassThrough(new OutputOptions(), log, stuck, stuck);
        var accepted = 0;
        while (sink.TryWrite(new OutputLine(Worker, OutputStream.Stdout, [1], 0)))
        {
            Assert.True(++accepted <= OutputLog.QueueLength + 1);
        }

        await sink.DisposeAsync().Soon();
        stuck.Release();
    }

    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim released = new();

        public void Release() => released.Set();

        public override void Write(ReadOnlySpan<byte> buffer) => released.Wait(TestContext.Current.CancellationToken);
    }
}
