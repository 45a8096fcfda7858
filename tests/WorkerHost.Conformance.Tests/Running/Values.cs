using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorkerHost.Conformance.Tests;

/// <summary>The values of a case: what stands for something else is put in its place, and what came is compared.</summary>
internal sealed class Values(string directory)
{
    private readonly Dictionary<string, JsonNode?> kept = [];

    public string Text(string text) => text.Replace("{dir}", directory, StringComparison.Ordinal);

    public void Keep(string name, JsonNode? value) => kept[name] = value?.DeepClone();

    /// <summary>The value to send.</summary>
    public JsonNode? Resolve(JsonNode? value) => value switch
    {
        JsonValue text when text.GetValueKind() is JsonValueKind.String => Text(text.GetValue<string>()),
        JsonArray array => new JsonArray([.. array.Select(Resolve)]),
        JsonObject { Count: 1 } one when one.First().Key is ['$', ..] => Special(one.First()),
        JsonObject members => new JsonObject(members.Select(m => KeyValuePair.Create(m.Key, Resolve(m.Value)))),
        _ => value?.DeepClone(),
    };

    public ReadOnlyMemory<byte> Bytes(JsonNode value) => value is JsonObject repeated
        ? Enumerable.Repeat((byte)repeated["byte"]!.GetValue<int>(), repeated["count"]!.GetValue<int>()).ToArray()
        : Convert.FromBase64String(value.GetValue<string>());

    /// <summary>What differs, with where; null: nothing.</summary>
    public string? Difference(JsonNode? expected, JsonNode? actual, string at = "the result")
    {
        if (expected is JsonObject { Count: 1 } one && one.First() is (['$', ..], _) matcher)
        {
            return matcher.Key switch
            {
                "$any" => null,
                "$not" => Difference(matcher.Value, actual, at) is null ? $"{at} is {Short(actual)}, which it must not be" : null,
                "$has" => Missing((JsonObject)matcher.Value!, actual, at),
                _ => Difference(Special(matcher), actual, at),
            };
        }

        switch (expected, actual)
        {
            case (JsonArray these, JsonArray those) when these.Count == those.Count:
                return Enumerable.Range(0, these.Count).Select(i => Difference(these[i], those[i], string.Create(CultureInfo.InvariantCulture, $"{at}[{i}]"))).FirstOrDefault(static d => d is not null);
            case (JsonObject these, JsonObject those) when these.Count == those.Count:
                return Missing(these, those, at);
            default:
                var value = expected is JsonValue text && text.GetValueKind() is JsonValueKind.String ? Text(text.GetValue<string>()) : expected;
                return JsonNode.DeepEquals(value, actual) ? null : $"{at} is {Short(actual)}; expected is {Short(value)}";
        }
    }

    private static string Short(JsonNode? value) => value?.ToJsonString() is { } text ? text.Length > 200 ? $"{text[..200]}… ({text.Length} characters)" : text : "null";

    private string? Missing(JsonObject expected, JsonNode? actual, string at) => actual is not JsonObject members
        ? $"{at} is {Short(actual)}; expected is an object"
        : expected.Select(m => members.ContainsKey(m.Key) ? Difference(m.Value, members[m.Key], $"{at}.{m.Key}") : $"{at} has no {m.Key}").FirstOrDefault(static d => d is not null);

    private JsonNode? Special(KeyValuePair<string, JsonNode?> special) => special.Key switch
    {
        "$kept" => kept.TryGetValue(special.Value!.GetValue<string>(), out var value) ? value?.DeepClone() : throw new InvalidDataException($"nothing was kept as {special.Value}"),
        "$repeat" => new StringBuilder().Insert(0, special.Value![0]!.GetValue<string>(), special.Value[1]!.GetValue<int>()).ToString(),
        _ => throw new InvalidDataException($"no value is written {special.Key}"),
    };
}
