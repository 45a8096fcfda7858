using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>How arguments and results are written in JSON. Filled before tasks are mapped; thread-safe from then on.</summary>
/// <param name="byReflection">
/// Types that nothing was made for at compile time are looked at when they are first needed. Never in a program that is published trimmed or native: there
/// whether a type can travel is known, and told, when its task is mapped.
/// </param>
internal sealed class HandlerJson(bool byReflection = true)
{
    private readonly List<IJsonTypeInfoResolver> resolvers = [];
    private JsonSerializerOptions? options;

    private JsonSerializerOptions Options => options ??= Make();

    public void Add(IJsonTypeInfoResolver resolver) => resolvers.Add(resolver);

    /// <summary>
    /// With the web defaults: camelCase names, read without regard to case, numbers also from strings; what every other
    /// language's client expects. And with fields, which tuples consist of.
    /// </summary>
    /// <exception cref="NotSupportedException">JSON cannot have such a type, or nothing says how.</exception>
    public JsonTypeInfo TypeInfo(Type type) => Options.GetTypeInfo(type);

    /// <exception cref="ArgumentException">There is no reflection here, and nothing was made at compile time for the type.</exception>
    public void Require(Type type, string task, string what)
    {
        if ((byReflection && JsonSerializer.IsReflectionEnabledByDefault) || typeof(IMessage).IsAssignableFrom(type) || Options.TryGetTypeInfo(type, out _))
        {
            return;
        }

        throw new ArgumentException(
            $"{what} of task \"{task}\" cannot travel as JSON: nothing was made for {type.FullName} at compile time, and this program has no JSON by reflection (it is trimmed or native). "
            + $"Declare a JsonSerializerContext with [JsonSerializable(typeof({HandlerParameter.Name(type)}))] and hand it to WorkerApplication.AddJson before MapTask",
            nameof(type));
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Reached only where reflection is on, which it is not in a trimmed program.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Reached only where reflection is on, which it is not in a native program.")]
    private JsonSerializerOptions Make()
    {
        var made = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            // The values of a tuple are fields: without them it would arrive empty, and nobody would be told.
            IncludeFields = true,
        };
        foreach (var resolver in resolvers)
        {
            made.TypeInfoResolverChain.Add(resolver);
        }

        made.TypeInfoResolverChain.Add(byReflection && JsonSerializer.IsReflectionEnabledByDefault ? new DefaultJsonTypeInfoResolver() : SimpleJson.Default);

        // Before that nothing is kept: each question for a type would make its metadata anew.
        made.MakeReadOnly();
        return made;
    }
}
