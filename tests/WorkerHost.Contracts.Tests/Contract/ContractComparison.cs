using Google.Protobuf.Reflection;

namespace WorkerHost.Contracts.Tests;

/// <summary>
/// Finds what would break a peer built from an older contract: anything removed, renumbered, retyped or renamed.
/// Whatever is only in the newer one is an addition and fine.
/// </summary>
internal static class ContractComparison
{
    /// <returns>One sentence per breach; empty when every older peer still understands the newer contract.</returns>
    public static IReadOnlyList<string> Breaches(FileDescriptorSet older, FileDescriptorSet newer)
    {
        var breaches = new List<string>();
        var newerFiles = newer.File.ToDictionary(f => f.Name);
        foreach (var before in older.File)
        {
            if (!newerFiles.TryGetValue(before.Name, out var after))
            {
                breaches.Add($"file {before.Name} was removed");
                continue;
            }

            if (before.Package != after.Package)
            {
                breaches.Add($"file {before.Name}: package {before.Package} became {after.Package}");
            }

            var scope = before.Package;
            CompareMessages(scope, before.MessageType, after.MessageType, breaches);
            CompareEnums(scope, before.EnumType, after.EnumType, breaches);
            CompareServices(scope, before.Service, after.Service, breaches);
        }

        return breaches;
    }

    private static void CompareMessages(string scope, IEnumerable<DescriptorProto> older, IEnumerable<DescriptorProto> newer, List<string> breaches)
    {
        foreach (var (name, before, after) in Pairs("message", scope, older, newer, m => m.Name, breaches))
        {
            CompareFields(name, before, after, breaches);
            CompareMessages(name, before.NestedType, after.NestedType, breaches);
            CompareEnums(name, before.EnumType, after.EnumType, breaches);
        }
    }

    private static void CompareFields(string message, DescriptorProto older, DescriptorProto newer, List<string> breaches)
    {
        var byNumber = newer.Field.ToDictionary(f => f.Number);
        foreach (var before in older.Field)
        {
            var what = $"field {message}.{before.Name} = {before.Number}";
            if (!byNumber.TryGetValue(before.Number, out var after))
            {
                var moved = newer.Field.FirstOrDefault(f => f.Name == before.Name);
                breaches.Add(moved is null ? $"{what} was removed" : $"{what} was renumbered to {moved.Number}");
                continue;
            }

            Compare(what, "name", before.Name, after.Name, breaches);
            Compare(what, "type", TypeOf(before), TypeOf(after), breaches);
            Compare(what, "label", before.Label.ToString(), after.Label.ToString(), breaches);
            Compare(what, "JSON name", before.JsonName, after.JsonName, breaches);
            Compare(what, "oneof", OneofOf(older, before), OneofOf(newer, after), breaches);
            Compare(what, "optional", before.Proto3Optional.ToString(), after.Proto3Optional.ToString(), breaches);
        }
    }

    private static void CompareEnums(string scope, IEnumerable<EnumDescriptorProto> older, IEnumerable<EnumDescriptorProto> newer, List<string> breaches)
    {
        foreach (var (name, before, after) in Pairs("enum", scope, older, newer, e => e.Name, breaches))
        {
            foreach (var (value, was, now) in Pairs("enum value", name, before.Value, after.Value, v => v.Name, breaches))
            {
                Compare($"enum value {value}", "number", was.Number.ToString(), now.Number.ToString(), breaches);
            }
        }
    }

    private static void CompareServices(string scope, IEnumerable<ServiceDescriptorProto> older, IEnumerable<ServiceDescriptorProto> newer, List<string> breaches)
    {
        foreach (var (name, before, after) in Pairs("service", scope, older, newer, s => s.Name, breaches))
        {
            foreach (var (method, was, now) in Pairs("method", name, before.Method, after.Method, m => m.Name, breaches))
            {
                var what = $"method {method}";
                Compare(what, "request", Streamed(was.ClientStreaming, was.InputType), Streamed(now.ClientStreaming, now.InputType), breaches);
                Compare(what, "response", Streamed(was.ServerStreaming, was.OutputType), Streamed(now.ServerStreaming, now.OutputType), breaches);
            }
        }
    }

    private static List<(string Name, T Before, T After)> Pairs<T>(string kind, string scope, IEnumerable<T> older, IEnumerable<T> newer, Func<T, string> nameOf, List<string> breaches)
    {
        var byName = newer.ToDictionary(nameOf);
        var pairs = new List<(string, T, T)>();
        foreach (var before in older)
        {
            var name = $"{scope}.{nameOf(before)}";
            if (byName.TryGetValue(nameOf(before), out var after))
            {
                pairs.Add((name, before, after));
            }
            else
            {
                breaches.Add($"{kind} {name} was removed");
            }
        }

        return pairs;
    }

    private static void Compare(string what, string aspect, string before, string after, List<string> breaches)
    {
        if (before != after)
        {
            breaches.Add($"{what}: {aspect} {before} became {after}");
        }
    }

    private static string TypeOf(FieldDescriptorProto field) => field.TypeName.Length > 0 ? field.TypeName : field.Type.ToString();

    private static string OneofOf(DescriptorProto message, FieldDescriptorProto field) =>
        field.HasOneofIndex ? message.OneofDecl[field.OneofIndex].Name : "none";

    private static string Streamed(bool streaming, string type) => streaming ? $"stream {type}" : type;
}
