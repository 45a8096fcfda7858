using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace WorkerHost.Worker.Tests;

/// <summary>A task that nobody sent, for handlers that are called by hand.</summary>
internal sealed class FakeRun(WorkerCore core, ByteString payload, string contentType = "", TaskHandler? handler = null) : TaskRun(core, handler, 0)
{
    public override string Id => "id";

    public override string Task => "f";

    public override int Attempt => 1;

    public override IReadOnlyDictionary<string, string> Headers => NoHeaders;

    public override ByteString Payload => payload;

    public override string ContentType => contentType;

    public override long HeaderBytes => 0;

    public override ulong SessionKey => 0;

    public override ulong Sequence => 0;

    public override int Track => -1;

    public static WorkerCore NewCore(IServiceProvider? services = null) => new(
        new LaunchLine { MinProtocol = 1, MaxProtocol = 1, Pool = "p", Slot = 1, Incarnation = 1, Address = "unix:///nowhere", HostInstance = "i", Concurrency = 1, DrainMilliseconds = 0, MaxMessageBytes = 1 << 20 },
        new TaskTable(),
        services,
        ledger: null,
        TimeProvider.System,
        NullLogger.Instance);

    public override void Complete(in TaskEnd end, bool hurry)
    {
    }

    public override void GiveBack()
    {
    }
}
