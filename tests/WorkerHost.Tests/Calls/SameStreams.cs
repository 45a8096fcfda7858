using Grpc.Core;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>Streaming calls that must look the same wherever they are made, each as the text of what its caller sees.</summary>
internal static class SameStreams
{
    public static IReadOnlyDictionary<string, Func<Probe.ProbeClient, Task<string>>> Cases { get; } = new Dictionary<string, Func<Probe.ProbeClient, Task<string>>>
    {
        ["many notes come"] = c => Count(c, new Script { Count = 500 }),
        ["none comes"] = c => Count(c, new Script()),
        ["headers and trailers"] = c => Count(c, new Script { Count = 0, Headers = { new Item { Name = "x-head", Text = "first" } }, Trailers = { new Item { Name = "x-tail", Text = "last" } } }),
        ["a failure after three"] = c => Count(c, new Script { Count = 3, Status = 8, Detail = "enough", ThrownTrailers = { new Item { Name = "x-tail-bin", Binary = Google.Protobuf.ByteString.CopyFrom(0, 1) } } }),
        ["a failure at once"] = c => Count(c, new Script { Status = 5, Detail = "not here", ThrownTrailers = { new Item { Name = "x-tail", Text = "last" } } }),
        ["an interceptor that refuses"] = c => Count(c, new Script { Count = 3 }, new CallOptions([new Metadata.Entry("x-refuse-me", "please")])),
        ["an interceptor that stamps"] = c => Count(c, new Script { Count = 3 }, new CallOptions([new Metadata.Entry("x-stamp-me", "please")])),
        ["a deadline that has passed"] = c => Count(c, new Script { Count = 3 }, new CallOptions(deadline: DateTime.UtcNow.AddMinutes(-1))),
        ["a token that was cancelled before"] = c => Count(c, new Script { Count = 3 }, new CallOptions(cancellationToken: new CancellationToken(canceled: true))),
        ["a sum of what is sent"] = Sum,
        ["a chat"] = Chat,
    };

    private static async Task<string> Count(Probe.ProbeClient client, Script script, CallOptions options = default)
    {
        using var call = client.Count(script, options);
        var numbers = new List<long>();
        string end;
        try
        {
            while (await call.ResponseStream.MoveNext().WaitAsync(TestPool.Patience))
            {
                numbers.Add(call.ResponseStream.Current.Number);
            }

            end = "end";
        }
        catch (RpcException e)
        {
            end = $"RpcException {e.StatusCode} {e.Status.Detail}{Shown(e.Trailers)}";
        }

        var status = call.GetStatus();
        string headers;
        try
        {
            headers = Shown(await call.ResponseHeadersAsync);
        }
        catch (RpcException e)
        {
            headers = $" {e.StatusCode}";
        }

        return $"{numbers.Count} up to {numbers.LastOrDefault(-1)}, {end}, {status.StatusCode} {status.Detail}, headers{headers}, trailers{Trailers(call.GetTrailers)}";
    }

    private static async Task<string> Sum(Probe.ProbeClient client)
    {
        using var call = client.Sum();
        for (var i = 1; i <= 100; i++)
        {
            await call.RequestStream.WriteAsync(new Note { Number = i }).WaitAsync(TestPool.Patience);
        }

        await call.RequestStream.CompleteAsync();
        var sum = await call.ResponseAsync.WaitAsync(TestPool.Patience);
        return $"{sum.Number}, {call.GetStatus()}, trailers{Trailers(call.GetTrailers)}";
    }

    private static async Task<string> Chat(Probe.ProbeClient client)
    {
        using var call = client.Chat();
        var said = "";
        foreach (var word in (string[])["one", "after", "the", "other"])
        {
            await call.RequestStream.WriteAsync(new Note { Text = word });
            Assert.True(await call.ResponseStream.MoveNext().WaitAsync(TestPool.Patience));
            said += $"{call.ResponseStream.Current.Text} ";
        }

        await call.RequestStream.CompleteAsync();
        return $"{said}{await call.ResponseStream.MoveNext().WaitAsync(TestPool.Patience)} {call.GetStatus().StatusCode}";
    }

    private static string Trailers(Func<Metadata> trailers)
    {
        try
        {
            return Shown(trailers());
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    private static string Shown(Metadata metadata) => string.Concat(metadata
        .Where(static e => e.Key.StartsWith("x-", StringComparison.Ordinal) || e.Key.StartsWith("workerhost", StringComparison.Ordinal))
        .Select(static e => $" {e.Key}={(e.IsBinary ? Convert.ToHexString(e.ValueBytes) : e.Value)}"));
}
