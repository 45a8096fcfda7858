namespace WorkerHost.Sidecar.Configuration;

/// <summary>OpenTelemetry.</summary>
internal sealed record TelemetrySettings
{
    /// <summary>
    /// Where traces, metrics and logs are sent by OTLP: the address (<c>http://</c> or <c>https://</c>) of a collector. What else
    /// the exporter can be told it takes from the environment (<c>OTEL_EXPORTER_OTLP_PROTOCOL</c>, <c>OTEL_EXPORTER_OTLP_HEADERS</c> …). Default (null): nowhere.
    /// </summary>
    public string? OtlpEndpoint { get; init; }
}
