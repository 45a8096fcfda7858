using System.Threading.Channels;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>A task that came by itself, and whose caller wants to hear all of it while it runs.</summary>
internal sealed class EventTask : UnaryTask
{
    // Made ahead of the call, whose own flow control is what holds the handler back.
    private const int ItemsAhead = 64;
    private const int BytesAhead = ProtocolLimits.MaxFrameBytes;

    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile bool began;
    private bool toldStart;

    public EventTask(EndpointCore core, RunRequest request, TaskHandler? handler, long deadline, bool takesItems)
        : base(core, request, handler, deadline)
    {
        Output = new TaskOutput(sequence: 0, takesItems, ItemsAhead, BytesAhead, _ => news.Writer.TryWrite(true));
    }

    public override void Began()
    {
        began = true;
        news.Writer.TryWrite(true);
    }

    public override void Complete(in TaskEnd end, bool hurry)
    {
        // What is reported behind the end is nothing; what was said before it stays to be taken.
        Output!.Close();
        base.Complete(end, hurry);
    }

    /// <summary>The next event; null when the task has ended and all was told but its outcome.</summary>
    /// <param name="ending">Ends with the task.</param>
    public async ValueTask<RunWithEventsResponse?> NextAsync(System.Threading.Tasks.Task ending)
    {
        while (true)
        {
            // In this order: what was said before the end is there when the end is.
            var hasEnded = ending.IsCompleted;
            if (Take() is { } response)
            {
                return response;
            }

            if (hasEnded)
            {
                return null;
            }

            await System.Threading.Tasks.Task.WhenAny(ending, news.Reader.WaitToReadAsync().AsTask()).ConfigureAwait(false);
            news.Reader.TryRead(out _);
        }
    }

    private RunWithEventsResponse? Take()
    {
        if (began && !toldStart)
        {
            toldStart = true;
            var where = Core.Whereabouts(this);
            return new RunWithEventsResponse { Started = new TaskStarted { Id = Id, Worker = where.Worker, Attempt = (uint)where.Attempt } };
        }

        switch (Output!.Take(int.MaxValue, int.MaxValue, out var part))
        {
            case OutputKind.Item:
                Output.Grant(1, (ulong)part.Data.Length);
                return new RunWithEventsResponse { Item = new Payload { ContentType = part.ContentType, Data = part.Data } };
            case OutputKind.Report:
                return new RunWithEventsResponse { Progress = new TaskReport { Fraction = part.Fraction, Message = part.Message } };
            case OutputKind.Nothing:
                return null;
            default:
                throw new InvalidOperationException("the end goes another way, and there is room for all");
        }
    }
}
