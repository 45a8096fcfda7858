using System.Net.Sockets;

namespace WorkerHost.Client.Tests;

/// <summary>A Unix socket that accepts connections of a pool.</summary>
internal sealed class RawListener : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("wh");
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public RawListener()
    {
        var path = Path.Combine(folder.FullName, "s");
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(64);
        Address = new Uri($"unix://{path}");
    }

    public Uri Address { get; }

    public async Task<RawHttp2Peer> AcceptAsync() => new(await listener.AcceptAsync(TestContext.Current.CancellationToken));

    public WorkerEndpoint Worker(int slot = 0, long incarnation = 1, int concurrency = 1) => new(new WorkerId("test", slot, incarnation), Address, 0, null, concurrency);

    public void Dispose()
    {
        listener.Dispose();
        folder.Delete(recursive: true);
    }
}
