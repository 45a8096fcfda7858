using System.Text.Json;

namespace WorkerHost;

/// <summary>Values of enums as attributes of metrics and traces are written.</summary>
internal static class AttributeText
{
    /// <summary>For example <c>out_of_memory</c>.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
