using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WorkerHost.Tests.Otlp;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>As much of a collector as it takes to see which spans a host exports by OTLP over gRPC.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private const string Traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly ConcurrentQueue<Span> spans = new();
    private readonly WebApplication server;

    private TraceCollector()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        server = builder.Build();
        server.Run(TakeAsync);
    }

    public string Address => server.Urls.Single();

    public static async Task<TraceCollector> StartAsync()
    {
        var collector = new TraceCollector();
        await collector.server.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    /// <summary>What came of one trace, in the order of their starts.</summary>
    public List<Span> Of(string traceId) => [.. spans.Where(span => Hex(span.TraceId) == traceId).OrderBy(static span => span.Start)];

    public static string Hex(Google.Protobuf.ByteString id) => Convert.ToHexStringLower(id.Span);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (context.Request.Path == Traces)
        {
            // Behind gRPC's five bytes.
            foreach (var span in Exported.Parser.ParseFrom(body.ToArray().AsSpan(5)).Resources.SelectMany(static r => r.Scopes).SelectMany(static s => s.Spans))
            {
                spans.Enqueue(span);
            }
        }

        // An empty message, and OK.
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
