using System.Threading.Channels;

namespace WorkerHost.Client.Tests;

/// <summary>A supervisor's ear: keeps what it was asked for.</summary>
internal sealed class FakeBackChannel : IWorkerBackChannel
{
    private readonly Channel<(WorkerId Worker, string Reason, TimeSpan Grace)> kills = Channel.CreateUnbounded<(WorkerId, string, TimeSpan)>();

    private readonly Channel<(WorkerId Worker, string Reason)> rejections = Channel.CreateUnbounded<(WorkerId, string)>();

    private readonly Channel<(WorkerId Worker, string? Reason)> replacements = Channel.CreateUnbounded<(WorkerId, string?)>();

    /// <summary>Who is to be replaced; without a reason: soon.</summary>
    public ChannelReader<(WorkerId Worker, string? Reason)> Replacements => replacements.Reader;

    public Exception? Throws { get; set; }

    public Func<WorkerId, WorkerLoad>? Load { get; private set; }

    public ChannelReader<(WorkerId Worker, string Reason, TimeSpan Grace)> Kills => kills.Reader;

    public ChannelReader<(WorkerId Worker, string Reason)> Rejections => rejections.Reader;

    public void Kill(WorkerId worker, string reason, TimeSpan grace)
    {
        kills.Writer.TryWrite((worker, reason, grace));
        if (Throws is not null)
        {
            throw Throws;
        }
    }

    public void Reject(WorkerId worker, string reason) => rejections.Writer.TryWrite((worker, reason));

    public void PrepareReplacement(WorkerId worker) => replacements.Writer.TryWrite((worker, null));

    public void Recycle(WorkerId worker, string reason) => replacements.Writer.TryWrite((worker, reason));

    public void ReportLoad(Func<WorkerId, WorkerLoad> load) => Load = load;
}
