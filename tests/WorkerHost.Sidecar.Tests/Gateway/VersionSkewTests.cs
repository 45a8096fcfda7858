using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Clients that are older or newer than their host.</summary>
public sealed class VersionSkewTests(GatewayFixture host) : IClassFixture<GatewayFixture>
{
    // Field 2047, a text: nobody here knows it.
    private static readonly byte[] Unknown = [0xfa, 0x7f, 3, (byte)'n', (byte)'e', (byte)'w'];

    [Theory]
    [InlineData(2, 3)]
    [InlineData(7, 7)]
    public async Task A_client_without_a_common_version_is_refused_naming_both(uint min, uint max)
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => RawClient.OpenAsync(host.Address, new ClientHello { MinProtocol = min, MaxProtocol = max, SessionKey = 1 }));

        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        Assert.Equal($"no common protocol version: the client speaks {min} to {max}, pool images speaks 1 to 1", e.Status.Detail);
    }

    [Fact]
    public async Task A_client_that_wants_what_the_host_cannot_do_is_told_what_it_can()
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => RawClient.OpenAsync(
            host.Address, new ClientHello { MinProtocol = 1, MaxProtocol = 2, SessionKey = 1, RequiredCapabilities = { "session", "telepathy" } }));

        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        Assert.StartsWith("missing capabilities telepathy: ", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("offers session, ", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_of_a_newer_client_are_ignored()
    {
        using var client = await RawClient.OpenAsync(host.Address, Newer(new ClientHello { MinProtocol = 1, MaxProtocol = 2, SessionKey = 2, IdPrefix = "newer" }));
        Assert.Equal(1u, client.Hello.Protocol);

        await client.SendAsync(Newer(new SessionRequest
        {
            Tasks = { Newer(new TaskSubmission { Sequence = 1, Number = 1, Task = "add", Data = ByteString.CopyFromUtf8("[1,2]") }) },
        }));
        Assert.Equal("3", (await client.OutcomeAsync()).Data.ToStringUtf8());

        // A frame of which nothing is known.
        await client.SendAsync(Newer(new SessionRequest()));
        await client.SubmitAsync(2, 2, "add", "[2,2]");
        Assert.Equal("4", (await client.OutcomeAsync()).Data.ToStringUtf8());
    }

    [Fact]
    public async Task An_older_client_without_a_name_to_come_back_under_has_its_tasks_done()
    {
        using var client = await RawClient.OpenAsync(host.Address, new ClientHello { MinProtocol = 1, MaxProtocol = 1, SessionKey = 3 });

        for (var i = 1u; i <= 3; i++)
        {
            await client.SendAsync(new SessionRequest { Tasks = { new TaskSubmission { Sequence = i, Id = $"old-{i}", Task = "add", Data = ByteString.CopyFromUtf8($"[{i},1]") } } });
            var outcome = await client.OutcomeAsync();
            Assert.Equal((i, $"{i + 1}"), (outcome.Sequence, outcome.Data.ToStringUtf8()));
        }
    }

    /// <summary>The same with one field more.</summary>
    private static T Newer<T>(T message)
        where T : IMessage<T>, new() => new MessageParser<T>(static () => new T()).ParseFrom([.. message.ToByteArray(), .. Unknown]);
}
