using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Hosting;

/// <summary>How many connections may be open, and who has to go.</summary>
[Trait("Scenario", "59")]
public sealed class ConnectionLimitTests
{
    private readonly FakeTimeProvider time = new();
    private readonly RecordingLoggers loggers = new();

    [Fact]
    public async Task The_oldest_of_whom_nobody_knows_makes_room_for_a_new_one()
    {
        var limit = Limit(max: 2);
        await using var known = new Connection(limit.OfUnknown);
        known.Admitted();
        await using var first = new Connection(limit.OfUnknown);
        await using var second = new Connection(limit.OfUnknown);

        Assert.Equal((false, true, false), (known.WasClosed, first.WasClosed, second.WasClosed));
        second.Admitted();
        await first.EndAsync();
        await using var third = new Connection(limit.OfUnknown);
        Assert.True(third.WasClosed);
        Assert.Equal(2, limit.Open);
        await loggers.Until(static line => line.Text.Contains("data:maxConnections", StringComparison.Ordinal));

        await second.EndAsync();
        await using var fourth = new Connection(limit.OfKnown);
        Assert.False(fourth.WasClosed);
    }

    [Fact]
    public async Task Who_does_not_say_who_he_is_has_to_go_and_who_does_stays()
    {
        var limit = Limit(max: 10);
        await using var silent = new Connection(limit.OfUnknown);
        await using var known = new Connection(limit.OfUnknown);
        known.Admitted();
        time.Advance(ConnectionLimit.Patience - TimeSpan.FromTicks(1));
        Assert.False(silent.WasClosed);
        time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal((true, false), (silent.WasClosed, known.WasClosed));
    }

    [Fact]
    public async Task Those_who_end_by_themselves_are_not_counted()
    {
        var limit = Limit(max: 1);
        for (var i = 0; i < 3; i++)
        {
            await using var one = new Connection(i == 1 ? limit.OfKnown : limit.OfUnknown);
            Assert.Equal((false, 1), (one.WasClosed, limit.Open));
        }

        Assert.Equal(0, limit.Open);
    }

    private ConnectionLimit Limit(int max) => new(max, "data:maxConnections", time, loggers.CreateLogger("connections"));

    private sealed class Connection : IAsyncDisposable
    {
        private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Told context = new();
        private readonly Task served;

        public Connection(Func<ConnectionDelegate, ConnectionDelegate> guard) => served = guard(_ => end.Task)(context);

        public bool WasClosed => context.Aborted;

        public void Admitted() => context.Features.Get<ConnectionLimit.Visit>()!.Admitted();

        public async Task EndAsync()
        {
            end.TrySetResult();
            await served;
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            await context.DisposeAsync();
        }

        private sealed class Told : DefaultConnectionContext
        {
            public bool Aborted { get; private set; }

            public override void Abort(ConnectionAbortedException abortReason) => Aborted = true;
        }
    }
}
