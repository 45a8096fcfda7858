using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace WorkerHost.Tests.Protos;

/// <summary>Nothing in here knows of workers: the same class for both hosts.</summary>
public sealed class ProbeService : Probe.ProbeBase
{
    public override Task<Note> Echo(Note request, ServerCallContext context) => Task.FromResult(request);

    public override async Task<Seen> Act(Script request, ServerCallContext context)
    {
        await BeginAsync(request, context);
        if (request.AnswerNull)
        {
            return null!;
        }

        return new Seen
        {
            Method = context.Method,
            DeadlineTicks = context.Deadline.Ticks,
            Headers = { context.RequestHeaders.Select(static e => e.IsBinary ? new Item { Name = e.Key, Binary = ByteString.CopyFrom(e.ValueBytes) } : new Item { Name = e.Key, Text = e.Value }) },
            Data = ByteString.CopyFrom(new byte[request.AnswerBytes]),
            CanBeCancelled = context.CancellationToken.CanBeCanceled,
            Pid = Environment.ProcessId,
        };
    }

    public override async Task Count(Script request, IServerStreamWriter<Note> responseStream, ServerCallContext context)
    {
        for (var i = 0; i < request.Count; i++)
        {
            await responseStream.WriteAsync(new Note { Number = i, Text = $"{Environment.ProcessId}" });
        }

        await BeginAsync(request, context);
    }

    public override async Task<Note> Sum(IAsyncStreamReader<Note> requestStream, ServerCallContext context)
    {
        long sum = 0;
        await foreach (var note in requestStream.ReadAllAsync(context.CancellationToken))
        {
            sum += note.Number;
        }

        context.ResponseTrailers.Add("x-trailer", "summed");
        return new Note { Number = sum };
    }

    public override async Task Chat(IAsyncStreamReader<Note> requestStream, IServerStreamWriter<Note> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            await responseStream.WriteAsync(new Note { Text = requestStream.Current.Text.ToUpperInvariant() });
        }
    }

    private static async Task BeginAsync(Script request, ServerCallContext context)
    {
        if (request.Headers.Count > 0)
        {
            var headers = new Metadata();
            Add(request.Headers, headers);
            await context.WriteResponseHeadersAsync(headers);
        }

        Add(request.Trailers, context.ResponseTrailers);
        var wasThere = request.Arrived.Length > 0 && File.Exists(request.Arrived);
        if (request.Arrived.Length > 0)
        {
            await File.WriteAllTextAsync(request.Arrived, $"{Environment.ProcessId}", CancellationToken.None);
        }

        if (request.Deaf && !wasThere)
        {
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
        }

        while (request.WaitFor.Length > 0 && !File.Exists(request.WaitFor))
        {
            await Task.Delay(5, CancellationToken.None);
        }

        if (request.WaitUntilCancelled.Length > 0)
        {
            try
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
            catch (OperationCanceledException)
            {
                await File.WriteAllTextAsync(request.WaitUntilCancelled, "", CancellationToken.None);
                throw;
            }
        }

        if (request.Throw.Length > 0)
        {
            throw new InvalidOperationException(request.Throw);
        }

        if (request.Status == 0)
        {
            return;
        }

        var status = new Status((StatusCode)request.Status, request.Detail);
        if (request.ByContext)
        {
            context.Status = status;
            return;
        }

        var trailers = new Metadata();
        Add(request.ThrownTrailers, trailers);
        throw new RpcException(status, trailers);
    }

    private static void Add(IEnumerable<Item> items, Metadata metadata)
    {
        foreach (var item in items)
        {
            if (item.Name.EndsWith("-bin", StringComparison.Ordinal))
            {
                metadata.Add(item.Name, item.Binary.ToByteArray());
            }
            else
            {
                metadata.Add(item.Name, item.Text);
            }
        }
    }
}

/// <summary>Refuses who says so, and stamps who asks for it.</summary>
public sealed class Doorkeeper : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Look(context);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Look(context);
        return continuation(request, responseStream, context);
    }

    private static void Look(ServerCallContext context)
    {
        if (context.RequestHeaders.Get("x-refuse-me") is not null)
        {
            throw new RpcException(new Status(StatusCode.PermissionDenied, "refused at the door"));
        }

        if (context.RequestHeaders.Get("x-stamp-me") is not null)
        {
            context.ResponseTrailers.Add("x-stamp", context.Method);
        }
    }
}
