using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace WorkerHost.Worker;

/// <summary>How arguments and results are written in JSON where the types are found by reflection.</summary>
internal static class HandlerJson
{
    private static JsonSerializerOptions? options;

    /// <summary>
    /// The web defaults: camelCase names, read without regard to case, numbers also from strings; what every other
    /// language's client expects.
    /// </summary>
    [RequiresUnreferencedCode("JSON by reflection")]
    [RequiresDynamicCode("JSON by reflection")]
    public static JsonTypeInfo TypeInfo(Type type) =>
        (options ??= new JsonSerializerOptions(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() })
        .GetTypeInfo(type);
}
