using Microsoft.Extensions.DependencyInjection;

namespace WorkerHost.Samples;

internal static class ObservabilityPage
{
    public static void Show(IServiceCollection services)
    {
        services.AddOpenTelemetry()
            .WithMetrics(m => m.AddMeter("WorkerHost.Client", "WorkerHost.Supervision"))
            .WithTracing(t => t.AddSource("WorkerHost.Client", "WorkerHost.Supervision"));   // in a worker's program: "WorkerHost.Worker"
    }
}
