using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace WorkerHost.Worker;

/// <summary>
/// The methods of the gRPC services that are mapped to it, by path. In the place of ASP.NET's routing, which builds and
/// compiles a matcher of patterns: the path of a gRPC method is a plain text, and a worker starts sooner without.
/// </summary>
internal sealed class GrpcMethods(IServiceProvider services) : IEndpointRouteBuilder
{
    public IServiceProvider ServiceProvider => services;

    public ICollection<EndpointDataSource> DataSources { get; } = [];

    public IApplicationBuilder CreateApplicationBuilder() => new ApplicationBuilder(services);

    /// <param name="otherwise">The path of a method here that takes the calls for which there is none; null: they are refused.</param>
    public RequestDelegate Build(Func<HttpContext, string>? otherwise = null)
    {
        var byPath = new Dictionary<string, Endpoint>(StringComparer.Ordinal);
        foreach (var endpoint in DataSources.SelectMany(static source => source.Endpoints).OfType<RouteEndpoint>())
        {
            // gRPC adds patterns for what a service does not implement; here nothing is a pattern.
            if (endpoint.RoutePattern is { Parameters.Count: 0, RawText: { } path })
            {
                byPath.Add(path, endpoint);
            }
        }

        return context => Call(context, byPath, otherwise);
    }

    /// <summary>Answers a call with a status and nothing else.</summary>
    public static Task Refuse(HttpContext context, StatusCode status, string message)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)status).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = message;
        return Task.CompletedTask;
    }

    private static Task Call(HttpContext context, Dictionary<string, Endpoint> byPath, Func<HttpContext, string>? otherwise)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        if (!byPath.TryGetValue(context.Request.Path.Value ?? "", out var endpoint) && (otherwise is null || !byPath.TryGetValue(otherwise(context), out endpoint)))
        {
            return Refuse(context, StatusCode.Unimplemented, "there is no such method here");
        }

        context.SetEndpoint(endpoint);
        return endpoint.RequestDelegate!(context);
    }
}
