using System.Globalization;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.V1;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// Tasks for whoever has HTTP/1.1 and no gRPC: <c>POST /v1/tasks/NAME</c> with the arguments as its body runs one, <c>GET /v1/tasks</c> says which there are.
/// A failure is a problem of RFC 9457 with everything known about it.
/// </summary>
internal sealed class HttpTasks(PoolEndpoints endpoints)
{
    private const string Root = "/v1/tasks";

    public async Task RunAsync(HttpContext context)
    {
        try
        {
            var path = context.Request.Path;
            if (!path.StartsWithSegments(Root, StringComparison.Ordinal, out var rest))
            {
                throw new HttpProblemException(new HttpProblem(ProblemKind.NoSuchPath, $"there is nothing here; POST {Root}/NAME runs a task, GET {Root} lists them"));
            }

            if (rest.HasValue && rest != "/")
            {
                Demand(context, HttpMethods.Post);
                await RunAsync(context, rest.Value![1..]).ConfigureAwait(false);
            }
            else
            {
                Demand(context, HttpMethods.Get);
                await HttpTaskList.WriteAsync(context, Asked(context) is { Length: > 0 } pool ? [Find(pool)] : endpoints.Pools.All).ConfigureAwait(false);
            }
        }
        catch (HttpProblemException e)
        {
            await e.Problem.WriteAsync(context).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            await new HttpProblem(ProblemKind.BadRequest with { Status = e.StatusCode }, e.Message).WriteAsync(context).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
    }

    private async Task RunAsync(HttpContext context, string name)
    {
        var request = new RunRequest();
        try
        {
            ForeignTerms.Apply(request, word => context.Request.Headers[word] is { Count: > 0 } values ? values.ToString() : null);
        }
        catch (FormatException e)
        {
            throw new HttpProblemException(new HttpProblem(ProblemKind.BadHeader, e.Message));
        }

        var hosted = Find(Asked(context) is { Length: > 0 } asked ? asked : request.Pool);
        request.Task = TaskOf(hosted, name);
        CallTrace.Carry(context.Request.Headers, request.Headers);
        var core = endpoints.Of(hosted);
        request.Payload = await ReadAsync(context, core.MaxMessageBytes, MethodRoutes.DescriptionOf(hosted, request.Task)).ConfigureAwait(false);
        var (run, end) = await TaskEndpointService.RunToItsEndAsync(core, request, context).ConfigureAwait(false);
        if (end.Failure is { } failure)
        {
            throw new HttpProblemException(HttpProblem.Of(failure, core.IsDraining));
        }

        var (worker, attempt) = core.Whereabouts(run);
        var response = context.Response;
        response.ContentType = end.ContentType;
        response.ContentLength = end.Data.Length;
        response.Headers[CallWords.Id] = Visible(run.Id);
        response.Headers["workerhost-worker"] = worker;
        response.Headers["workerhost-attempts"] = attempt.ToString(CultureInfo.InvariantCulture);
        await response.Body.WriteAsync(end.Data.Memory, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<Payload> ReadAsync(HttpContext context, int maxBytes, TaskDescription? description)
    {
        HttpBody.DemandPlain(context.Request);
        var contentType = HttpBody.ContentTypeOf(context.Request);
        if (description is { ContentTypes: { Count: > 0 } taken } && !taken.Contains(contentType))
        {
            var why = description.Name.StartsWith('/') ? "; JSON is not made into messages of gRPC here" : "";
            throw new HttpProblemException(new HttpProblem(
                ProblemKind.ContentType, $"task {description.Name} does not take {contentType}; it takes {string.Join(", ", taken)}{why}"));
        }

        // Unlike a session, a body that stands still has nothing to wait for.
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()!.MinDataRate = HttpBody.SlowestBody;
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = maxBytes;
        var body = await HttpBody.ReadAsync(context.Request, maxBytes, endpoints.Budget, context.RequestAborted).ConfigureAwait(false);
        return new Payload { ContentType = contentType, Data = UnsafeByteOperations.UnsafeWrap(contentType == ContentType.Json ? HttpBody.AsArguments(body) : body) };
    }

    private HostedPool Find(string pool)
    {
        try
        {
            return endpoints.Pools.Find(pool);
        }
        catch (NoSuchPoolException e)
        {
            throw new HttpProblemException(e.IsAmbiguous
                ? new HttpProblem(ProblemKind.WhichPool, $"{e.Message}, as ?pool=NAME")
                : new HttpProblem(ProblemKind.NoSuchPool, e.Message));
        }
    }

    private static string Asked(HttpContext context) => context.Request.Query["pool"].ToString();

    // The name of a gRPC method begins with a slash, which a path of ours has already.
    private static string TaskOf(HostedPool hosted, string name)
    {
        name = name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return MethodRoutes.DescriptionOf(hosted, name) is null && MethodRoutes.DescriptionOf(hosted, $"/{name}") is not null ? $"/{name}" : name;
    }

    private static string Visible(string id) => id.All(static c => c is > ' ' and <= '~') ? id : Uri.EscapeDataString(id);

    private static void Demand(HttpContext context, string method)
    {
        if (!string.Equals(context.Request.Method, method, StringComparison.Ordinal))
        {
            context.Response.Headers.Allow = method;
            throw new HttpProblemException(new HttpProblem(ProblemKind.Method, $"{context.Request.Method} is not for this path; {method} is"));
        }
    }
}
