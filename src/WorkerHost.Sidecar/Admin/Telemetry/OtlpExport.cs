using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace WorkerHost.Sidecar.Admin.Telemetry;

/// <summary>
/// Sends traces, metrics and logs to a collector by OTLP. By gRPC, or as <c>OTEL_EXPORTER_OTLP_PROTOCOL</c> says; that collector
/// being away costs nobody anything but what it would have been told. Dispose it after the loggers: it sends what is left.
/// </summary>
internal sealed class OtlpExport : IDisposable
{
    private const string Everything = "WorkerHost.*";

    private readonly Uri endpoint;
    private readonly ResourceBuilder resource;
    private readonly TracerProvider traces;
    private readonly MeterProvider metrics;

    private OtlpExport(Uri endpoint, ResourceBuilder resource)
    {
        this.endpoint = endpoint;
        this.resource = resource;
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(Everything)
            .AddOtlpExporter(options => Direct(options, "traces"))
            .Build();
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(Everything)
            .AddOtlpExporter(options => Direct(options, "metrics"))
            .Build();
    }

    /// <summary>From now on.</summary>
    /// <param name="endpoint">The collector's address.</param>
    /// <param name="hostInstance">Another one with every start of the host.</param>
    public static OtlpExport Start(Uri endpoint, string hostInstance)
    {
        // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
        var resource = ResourceBuilder.CreateEmpty()
            .AddTelemetrySdk()
            .AddService("workerhost", serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString(3), autoGenerateServiceInstanceId: false, serviceInstanceId: hostInstance)
            .AddEnvironmentVariableDetector();
        return new OtlpExport(endpoint, resource);
    }

    /// <summary>Sends what is logged, too.</summary>
    public void AddTo(ILoggingBuilder logging) => logging.AddOpenTelemetry(options =>
    {
        options.SetResourceBuilder(resource);
        options.IncludeFormattedMessage = true;
        options.AddOtlpExporter(exporter => Direct(exporter, "logs"));
    });

    public void Dispose()
    {
        traces.Dispose();
        metrics.Dispose();
    }

    private void Direct(OtlpExporterOptions options, string signal) =>
        options.Endpoint = options.Protocol == OtlpExportProtocol.HttpProtobuf ? new Uri($"{endpoint.ToString().TrimEnd('/')}/v1/{signal}") : endpoint;
}
