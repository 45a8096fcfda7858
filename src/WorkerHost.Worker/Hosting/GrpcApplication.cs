using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace WorkerHost.Worker;

/// <summary>
/// Kestrel's door to the pipeline. In the place of ASP.NET's host: a worker needs no configuration, no environment
/// variables, no lifetime and no diagnostics of it, and starts sooner without.
/// </summary>
internal sealed class GrpcApplication(RequestDelegate pipeline, IServiceProvider services) : IHttpApplication<HttpContext>
{
    public HttpContext CreateContext(IFeatureCollection contextFeatures)
    {
        DefaultHttpContext context;
        if (contextFeatures is IHostContextContainer<HttpContext> { HostContext: DefaultHttpContext used })
        {
            used.Initialize(contextFeatures);
            context = used;
        }
        else
        {
            context = new DefaultHttpContext(contextFeatures);
            if (contextFeatures is IHostContextContainer<HttpContext> container)
            {
                container.HostContext = context;
            }
        }

        // All services are singletons: no scope per call.
        context.RequestServices = services;
        return context;
    }

    public Task ProcessRequestAsync(HttpContext context) => pipeline(context);

    public void DisposeContext(HttpContext context, Exception? exception) => ((DefaultHttpContext)context).Uninitialize();
}
