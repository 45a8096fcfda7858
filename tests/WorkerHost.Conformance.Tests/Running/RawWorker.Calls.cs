using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using WorkerHost.V1;

namespace WorkerHost.Conformance.Tests;

/// <summary>Raw gRPC.</summary>
internal sealed partial class RawWorker
{
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(20);

    public async Task HealthAsync(HealthStep step, bool watch)
    {
        var client = new Health.HealthClient(Channel());
        var request = new HealthCheckRequest { Service = step.Service };
        string status;
        try
        {
            if (watch)
            {
                using var call = client.Watch(request, deadline: DateTime.UtcNow + CallPatience);
                await call.ResponseStream.MoveNext(CancellationToken.None);
                status = Spelled(call.ResponseStream.Current.Status);
            }
            else
            {
                status = Spelled((await client.CheckAsync(request, deadline: DateTime.UtcNow + CallPatience)).Status);
            }
        }
        catch (RpcException e)
        {
            status = e.StatusCode.ToString();
        }

        Require(Equal(status, step.Status), $"the health of \"{step.Service}\" is {status}");
    }

    public async Task CallAsync(CallStep step, Values values, CancellationToken cancellationToken)
    {
        var request = new RunRequest { Task = step.Task, Payload = new Payload { ContentType = step.ContentType, Data = ByteString.CopyFromUtf8(values.Text(step.Data)) }, Attempt = 1, Id = "raw-1" };
        try
        {
            var response = await new TaskEndpoint.TaskEndpointClient(Channel(step.Authority))
                .RunAsync(step.UnknownFields ? UnknownFields.Added(request) : request, deadline: DateTime.UtcNow + CallPatience, cancellationToken: cancellationToken);
            Require(step.Code is "OK" or "ANY", $"it went well: {response.Result.Data.ToStringUtf8()}");
            Require(response.Id == "raw-1", $"the answer is about task {response.Id}");
            Agree(values.Difference(step.Result, JsonNode.Parse(response.Result.Data.Span)));
        }
        catch (RpcException e)
        {
            Check(step.Code, step.Says, e);
            if (step.Kind is { } kind)
            {
                var details = e.Trailers.GetValueBytes("grpc-status-details-bin") ?? throw new InvalidDataException("the call has no grpc-status-details-bin");
                var failure = Google.Rpc.Status.Parser.ParseFrom(details).Details[0].Unpack<V1.TaskFailure>();
                Require(Equal(failure.Kind.ToString(), kind.ToString()), $"the failure is {failure.Kind}");
                Require(failure.Message.Length > 0, "the failure has no message");
            }
        }
    }

    public async Task SessionAsync(SessionStep step, Values values)
    {
        using var call = new TaskEndpoint.TaskEndpointClient(Channel()).OpenSession(deadline: DateTime.UtcNow + CallPatience);
        try
        {
            var hello = new ClientHello { MinProtocol = step.MinProtocol, MaxProtocol = step.MaxProtocol, SessionKey = 1, IdPrefix = "raw", RequiredCapabilities = { step.RequiredCapabilities } };
            await SendAsync(new SessionRequest { Hello = hello });
            Require(await call.ResponseStream.MoveNext(CancellationToken.None) && call.ResponseStream.Current.Hello is { Protocol: 1 }, "it did not answer with a hello of version 1");
            await SendAsync(new SessionRequest { Tasks = { new TaskSubmission { Sequence = 1, Number = 1, Task = step.Task, Data = ByteString.CopyFromUtf8(values.Text(step.Data)) } } });
            TaskOutcome? outcome = null;
            while (outcome is null && await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                outcome = call.ResponseStream.Current.Outcomes.SingleOrDefault();
            }

            Require(outcome is { Failure: null, Recalled: false }, $"the task was not done: {outcome}");
            Agree(values.Difference(step.Result, JsonNode.Parse(outcome!.Data.Span)));
            await call.RequestStream.CompleteAsync();
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }

            Require(step.Code == "OK", "it went well");
        }
        catch (RpcException e)
        {
            Check(step.Code, step.Says, e);
        }

        Task SendAsync(SessionRequest frame) => call.RequestStream.WriteAsync(step.UnknownFields ? UnknownFields.Added(frame) : frame);
    }

    private async Task<bool> IsServingAsync()
    {
        try
        {
            return (await new Health.HealthClient(Channel()).CheckAsync(new HealthCheckRequest(), deadline: DateTime.UtcNow + CallPatience)).Status is HealthCheckResponse.Types.ServingStatus.Serving;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    private static void Check(string code, IReadOnlyList<string> says, RpcException e)
    {
        Require(code == "ANY" || Equal(e.StatusCode.ToString(), code), $"the call ended with {e.StatusCode}: {e.Status.Detail}");
        foreach (var part in says)
        {
            Require(e.Status.Detail.Contains(part, StringComparison.Ordinal), $"the status does not say \"{part}\": {e.Status.Detail}");
        }
    }

    /// <summary>The same word in the spelling of C# and that of gRPC.</summary>
    private static bool Equal(string one, string other) =>
        string.Equals(one.Replace("_", "", StringComparison.Ordinal), other.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);

    private static string Spelled(HealthCheckResponse.Types.ServingStatus status) => status.ToString();

    private static void Agree(string? difference) => Require(difference is null, difference!);
}
