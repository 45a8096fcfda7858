using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using WorkerHost.Sidecar.Admin.Telemetry;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>What a collector gets.</summary>
public sealed class OtlpTests
{
    [Fact]
    [Trait("Scenario", "58")]
    public async Task A_collector_gets_the_traces_metrics_and_logs_of_a_host()
    {
        var received = new ConcurrentDictionary<string, string>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        await using var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var text = Encoding.Latin1.GetString(body.ToArray());
            received.AddOrUpdate(context.Request.Path.Value!, text, (_, before) => before + text);

            // An empty message, and OK.
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);
        var name = $"pool-{Guid.NewGuid():n}"[..12];

        using (var otlp = OtlpExport.Start(new Uri(collector.Urls.Single()), "host-1"))
        using (var loggers = HostLoggers.Create(isJson: false, LogLevel.Critical, otlp))
        await using (var pool = await WorkerPool.StartInProcessAsync(
            static worker => worker.MapTask("double", static (int i) => 2 * i), new InProcessPoolOptions { Name = name, LoggerFactory = loggers }))
        {
            Assert.Equal(4, await pool.Submit<int>("double", [2]).Task.WaitAsync(Eventually.Patience));
            loggers.CreateLogger("WorkerHost.Test").LogCritical("something to {Tell}", "tell");
        }

        string[] services = ["trace.v1.TraceService", "metrics.v1.MetricsService", "logs.v1.LogsService"];
        Assert.Equal(services.Select(static s => $"/opentelemetry.proto.collector.{s}/Export").Order(), received.Keys.Order());
        Assert.All(received.Values, static text => Assert.Contains("host-1", text, StringComparison.Ordinal));
        Assert.Contains("attempt double", received["/opentelemetry.proto.collector.trace.v1.TraceService/Export"], StringComparison.Ordinal);
        Assert.Contains("workerhost.task.duration", received["/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"], StringComparison.Ordinal);
        Assert.Contains("something to tell", received["/opentelemetry.proto.collector.logs.v1.LogsService/Export"], StringComparison.Ordinal);
    }
}
