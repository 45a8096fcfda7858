namespace WorkerHost.Conformance.Tests;

/// <summary>The client cases with .NET's own pool as the client.</summary>
public sealed class DotnetClientTests(DotnetClientTests.Connection connection) : IClassFixture<DotnetClientTests.Connection>
{
    private const string Name = "dotnet";

    public static TheoryData<string, string> Quick => Suite.ForClient(Name, slow: false);

    public static TheoryData<string, string> Slow => Suite.ForClient(Name, slow: true);

    [Theory]
    [MemberData(nameof(Quick))]
    public Task Keeps(string theme, string name) => RunAsync(theme, name);

    [Theory]
    [MemberData(nameof(Slow))]
    [Trait("Category", "Slow")]
    public Task Keeps_what_takes_longer(string theme, string name) => RunAsync(theme, name);

    private async Task RunAsync(string theme, string name)
    {
        using var directory = new CaseDirectory();
        await using var run = new CaseRun(await connection.PoolAsync(), directory.Path) { Connect = connection.ConnectAsync };
        await run.RunAsync(Suite.Find(theme, name).Case);
    }

    /// <summary>One connection for all cases.</summary>
    public sealed class Connection(ReferenceHost host) : IAsyncLifetime
    {
        private Task<WorkerPool>? pool;

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            if (pool is not null)
            {
                await (await pool).DisposeAsync();
            }
        }

        internal Task<WorkerPool> PoolAsync() => pool ??= ConnectAsync("host");

        internal async Task<WorkerPool> ConnectAsync(string target)
        {
            var place = (await host.TargetsAsync(Name))[target]!;
            var address = new EndpointAddress(place["address"]!.GetValue<string>())
            {
                Secret = place["token"]?.GetValue<string>(),
                Pool = place["pool"]?.GetValue<string>(),
            };
            return await WorkerPool.ConnectAsync([address], new WorkerPoolOptions { Name = "client", MaxMessageBytes = 8 << 20 }, TestContext.Current.CancellationToken);
        }
    }
}
