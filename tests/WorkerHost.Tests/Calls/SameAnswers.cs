using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>Calls whose whole answer must be the same from a pool as from a channel, each as the text of what its caller sees.</summary>
internal static class SameAnswers
{
    private static readonly Item[] Metadata =
    [
        new() { Name = "x-one", Text = "first" },
        new() { Name = "x-one", Text = "second" },
        new() { Name = "x-blob-bin", Binary = ByteString.CopyFrom(0, 255, 10, 13) },
        new() { Name = "x-blob-bin", Binary = ByteString.CopyFromUtf8("another") },
    ];

    public static IReadOnlyDictionary<string, Func<CallInvoker, Task<string>>> Cases { get; } = Make();

    private static Dictionary<string, Func<CallInvoker, Task<string>>> Make()
    {
        var cases = new Dictionary<string, Func<CallInvoker, Task<string>>>
        {
            ["a message comes back"] = i => Told(Client(i).EchoAsync(new Note { Text = "hello", Number = -7, Data = ByteString.CopyFrom(1, 2, 3) })),
            ["an empty message comes back"] = i => Told(Client(i).EchoAsync(new Note())),
            ["a message of 300 KB comes back"] = i => Told(Client(i).EchoAsync(new Note { Data = ByteString.CopyFrom(new byte[300_000]) }), static n => $"{n.Data.Length} bytes"),
            ["a blocking call"] = i => Task.FromResult($"{Client(i).Echo(new Note { Text = "blocking" })}"),
            ["a blocking call that fails"] = i => Task.FromResult(Failure(() => Client(i).Act(new Script { Status = 5, Detail = "not here" }))),
            ["trailers of a success"] = i => Act(i, new Script { Trailers = { Metadata } }),
            ["trailers of an exception"] = i => Act(i, new Script { Status = (int)StatusCode.Aborted, Detail = "it was", ThrownTrailers = { Metadata } }),
            ["trailers of the context and of an exception"] = i => Act(i, new Script { Status = 9, Trailers = { Metadata }, ThrownTrailers = { new Item { Name = "x-one", Text = "third" } } }),
            ["trailers of an exception that is no RpcException"] = i => Act(i, new Script { Throw = "oh", Trailers = { Metadata } }, withDetail: false),
            ["response headers"] = i => Act(i, new Script { Headers = { Metadata } }),
            ["response headers and trailers"] = i => Act(i, new Script { Headers = { Metadata }, Trailers = { Metadata } }),
            ["response headers of a failure"] = i => Act(i, new Script { Headers = { Metadata }, Status = 3, Detail = "bad", ThrownTrailers = { Metadata } }),
            ["a status set on the context"] = i => Act(i, new Script { ByContext = true, Status = (int)StatusCode.OutOfRange, Detail = "set, not thrown", Headers = { new Item { Name = "x-head", Text = "sent" } }, Trailers = { Metadata } }),
            ["a detail that is not ASCII, with lines"] = i => Act(i, new Script { Status = 2, Detail = "für die Nacht:\nline two 🌙 100 %" }),
            ["details of the rich error model"] = i => Act(i, new Script { Status = 9, Detail = "rich", ThrownTrailers = { new Item { Name = "grpc-status-details-bin", Binary = new Google.Rpc.Status { Code = 9, Message = "rich" }.ToByteString() } } }),
            ["an exception that is no RpcException"] = i => Act(i, new Script { Throw = "a defect" }, withDetail: false),
            ["no response"] = i => Act(i, new Script { AnswerNull = true }),
            ["a request over the limit"] = i => Told(Client(i).EchoAsync(new Note { Data = ByteString.CopyFrom(new byte[BothHosts.MaxMessageBytes + 1]) }), withDetail: false),
            ["a response over the limit"] = i => Act(i, new Script { AnswerBytes = BothHosts.MaxMessageBytes + 1 }, withDetail: false),
            ["a method that is not overridden"] = i => Told(Client(i).NotOverriddenAsync(new Note())),
            ["a service that nobody has mapped"] = i => Told(new Nowhere.NowhereClient(i).EchoAsync(new Note()), withDetail: false),
            ["the server sees method, metadata and no deadline"] = async i => await Sees(i, new CallOptions(Request())),
            ["the server sees the deadline"] = async i => await Sees(i, new CallOptions(deadline: InAnHour())),
            ["a deadline that is not in UTC"] = async i => await Thrown(() => Told(Client(i).EchoAsync(new Note(), new CallOptions(deadline: DateTime.Now.AddHours(1))))),
            ["a deadline that has passed"] = i => Told(Client(i).EchoAsync(new Note(), deadline: DateTime.UtcNow.AddMinutes(-1))),
            ["no deadline, said so"] = i => Told(Client(i).EchoAsync(new Note { Text = "no hurry" }, deadline: DateTime.MaxValue)),
            ["a token that was cancelled before"] = i => Told(Client(i).EchoAsync(new Note(), cancellationToken: new CancellationToken(canceled: true))),
            ["write options and waiting for readiness"] = i => Told(Client(i).EchoAsync(new Note { Text = "ready" }, new CallOptions(writeOptions: new WriteOptions(WriteFlags.NoCompress)).WithWaitForReady())),
            ["a request header with a line break"] = i => Told(Client(i).EchoAsync(new Note(), [new Metadata.Entry("x-one", "first\nsecond")]), withDetail: false),
            ["a request header that is not ASCII"] = i => Told(Client(i).EchoAsync(new Note(), [new Metadata.Entry("x-one", "für")]), withDetail: false),
            ["an interceptor of the client"] = i => Act(i.Intercept(metadata => [.. metadata, new Metadata.Entry("x-stamp-me", "please")]), new Script()),
            ["an interceptor of the server that stamps"] = i => Act(i, new Script(), options: new CallOptions([new Metadata.Entry("x-stamp-me", "please")])),
            ["an interceptor of the server that refuses"] = i => Act(i, new Script(), options: new CallOptions([new Metadata.Entry("x-refuse-me", "please")])),
            ["the status of a call that has not ended"] = NotEnded,
        };
        foreach (var code in Enum.GetValues<StatusCode>().Where(static c => c != StatusCode.OK))
        {
            cases.Add($"status {code}", i => Act(i, new Script { Status = (int)code, Detail = $"the method says {code}" }));
        }

        return cases;
    }

    public static Probe.ProbeClient Client(CallInvoker invoker) => new(invoker);

    /// <summary>Everything that the caller sees of the call.</summary>
    public static async Task<string> Told<T>(AsyncUnaryCall<T> call, Func<T, string>? show = null, bool withDetail = true)
    {
        string response;
        try
        {
            var message = await call.ResponseAsync.WaitAsync(TestPool.Patience);
            response = show?.Invoke(message) ?? $"{message}";
        }
        catch (RpcException e)
        {
            response = $"RpcException {e.StatusCode} {(withDetail ? e.Status.Detail : "")}{Shown(e.Trailers)}";
        }

        var status = call.GetStatus();
        return $"{response}\nstatus {status.StatusCode} {(withDetail ? status.Detail : "")}\nheaders{await Headers(call)}\ntrailers{Trailers(call)}";
    }

    private static async Task<string> Headers<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            return Shown(await call.ResponseHeadersAsync.WaitAsync(TestPool.Patience));
        }
        catch (RpcException)
        {
            return "";
        }
    }

    private static string Trailers<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            return Shown(call.GetTrailers());
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    private static Task<string> Act(CallInvoker invoker, Script script, bool withDetail = true, CallOptions options = default) =>
        Told(Client(invoker).ActAsync(script, options), static seen => $"{seen.Data.Length} bytes", withDetail);

    private static async Task<string> Sees(CallInvoker invoker, CallOptions options)
    {
        var seen = await Client(invoker).ActAsync(new Script(), options).ResponseAsync.WaitAsync(TestPool.Patience);
        var deadline = new DateTime(seen.DeadlineTicks, DateTimeKind.Utc);
        var off = options.Deadline is { } asked ? (deadline - asked).Duration() : TimeSpan.Zero;
        var what = deadline == DateTime.MaxValue ? "none" : off < TimeSpan.FromSeconds(20) ? "as asked" : $"{deadline:o}";

        // gRPC leaves it open whether two values of a name arrive as two or joined; ASP.NET Core joins them, a worker does not.
        var headers = seen.Headers.Where(static h => h.Name.StartsWith("x-", StringComparison.Ordinal))
            .GroupBy(static h => h.Name, static h => h.Text + Convert.ToHexString(h.Binary.Span))
            .Select(static g => $"\n  {g.Key} = {string.Join(", ", g)}");
        return $"{seen.Method}, deadline {what}, cancellable {seen.CanBeCancelled}:{string.Concat(headers)}";
    }

    private static async Task<string> NotEnded(CallInvoker invoker)
    {
        var go = TestPool.NewPath();
        using var call = Client(invoker).ActAsync(new Script { WaitFor = go });
        var before = $"{await Thrown(() => Task.FromResult($"{call.GetStatus()}"))}, {await Thrown(() => Task.FromResult(Shown(call.GetTrailers())))}";
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        return $"{before}, then {await Told(call, static _ => "ended")}";
    }

    private static string Failure(Func<object> call)
    {
        try
        {
            return $"{call()}";
        }
        catch (RpcException e)
        {
            return $"RpcException {e.Status.StatusCode} {e.Status.Detail}{Shown(e.Trailers)}";
        }
    }

    private static async Task<string> Thrown(Func<Task<string>> what)
    {
        try
        {
            return await what();
        }
        catch (InvalidOperationException)
        {
            return nameof(InvalidOperationException);
        }
    }

    // What HTTP adds, and what we say beside a failure of ours, is not the method's.
    private static string Shown(Metadata metadata) => string.Concat(metadata
        .Where(static e => e.Key.StartsWith("x-", StringComparison.Ordinal))
        .OrderBy(static e => e.Key, StringComparer.Ordinal)
        .Select(static e => $"\n  {e.Key} = {(e.IsBinary ? Convert.ToHexString(e.ValueBytes) : e.Value)}"));

    private static Metadata Request() =>
    [
        new Metadata.Entry("X-One", "first"),
        new Metadata.Entry("x-one", "second"),
        new Metadata.Entry("x-blob-bin", [0, 255, 10, 13]),
        new Metadata.Entry("grpc-reserved", "dropped"),
    ];

    private static DateTime InAnHour() => DateTime.UtcNow.AddHours(1);
}
