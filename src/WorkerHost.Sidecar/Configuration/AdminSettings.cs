namespace WorkerHost.Sidecar.Configuration;

/// <summary>The admin plane, apart from the data plane: whoever may have tasks done need not be one who may stop workers.</summary>
internal sealed record AdminSettings : ListenerSettings;
