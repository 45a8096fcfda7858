using Google.Protobuf;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Messages of the contract as protobuf's own JSON: camelCase, 64-bit numbers and times as texts, nothing left out but what is absent.</summary>
internal static class ContractJson
{
    private static readonly JsonFormatter Whole = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithIndentation("  "));
    private static readonly JsonFormatter Narrow = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    /// <summary>On as many lines as it takes.</summary>
    public static string Document(IMessage message) => Whole.Format(message);

    /// <summary>On one.</summary>
    public static string Line(IMessage message) => Narrow.Format(message);
}
