using System.Buffers.Text;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace WorkerHost;

/// <summary>gRPC metadata as they travel: to a method as its task's headers, back as entries of its answer. See <c>grpc_method.proto</c>.</summary>
internal static class CallMetadata
{
    private const char Separator = '\n';
    private const string BinarySuffix = "-bin";

    /// <summary>Adds what of it is the caller's. What gRPC keeps for itself, or sets by other means, is left out as grpc-dotnet leaves it out.</summary>
    public static void CopyTo(Metadata metadata, IDictionary<string, string> headers)
    {
        foreach (var entry in metadata)
        {
            if (IsTransports(entry.Key))
            {
                continue;
            }

            var value = entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes) : entry.Value;
            headers[entry.Key] = headers.TryGetValue(entry.Key, out var before) ? $"{before}{Separator}{value}" : value;
        }
    }

    /// <exception cref="FormatException">A value that no header of HTTP/2 could have: refused here as it is by a channel.</exception>
    public static void ThrowIfUnsendable(Metadata? metadata)
    {
        foreach (var entry in metadata ?? Metadata.Empty)
        {
            if (!entry.IsBinary && (!Ascii.IsValid(entry.Value) || entry.Value.AsSpan().ContainsAny('\r', '\n', '\0')))
            {
                throw new FormatException($"the value of the metadata {entry.Key} has a line break or a character that is not ASCII; a name that ends in {BinarySuffix} takes any bytes");
            }
        }
    }

    public static Metadata FromHeaders(IReadOnlyDictionary<string, string> headers)
    {
        var metadata = new Metadata();
        foreach (var (name, joined) in headers)
        {
            var key = name.ToLowerInvariant();
            if (!IsName(key))
            {
                // A task's header may have any name; metadata may not.
                continue;
            }

            foreach (var value in joined.Split(Separator))
            {
                if (!key.EndsWith(BinarySuffix, StringComparison.Ordinal))
                {
                    metadata.Add(key, value);
                }
                else if (Base64.IsValid(value))
                {
                    metadata.Add(key, Convert.FromBase64String(value));
                }
            }
        }

        return metadata;
    }

    public static void CopyTo(Metadata? metadata, RepeatedField<V1.MetadataEntry> entries)
    {
        foreach (var entry in metadata ?? Metadata.Empty)
        {
            if (entry.Key is not ("grpc-status" or "grpc-message"))
            {
                entries.Add(entry.IsBinary
                    ? new V1.MetadataEntry { Name = entry.Key, Binary = ByteString.CopyFrom(entry.ValueBytes) }
                    : new V1.MetadataEntry { Name = entry.Key, Text = entry.Value });
            }
        }
    }

    /// <summary>What is no metadata is left out: the peer is not trusted.</summary>
    public static Metadata FromEntries(RepeatedField<V1.MetadataEntry>? entries)
    {
        var metadata = new Metadata();
        foreach (var entry in entries ?? [])
        {
            if (!IsName(entry.Name))
            {
                continue;
            }

            if (entry.Name.EndsWith(BinarySuffix, StringComparison.Ordinal))
            {
                metadata.Add(entry.Name, entry.Binary.ToByteArray());
            }
            else
            {
                metadata.Add(entry.Name, entry.Text);
            }
        }

        return metadata;
    }

    /// <summary>HTTP's and gRPC's own: names that begin with "grpc-" are reserved for it (PROTOCOL-HTTP2.md, "Requests").</summary>
    private static bool IsTransports(string name) =>
        name.Length == 0 || name[0] == ':' || name.StartsWith("grpc-", StringComparison.Ordinal) || name is "te" or "content-type" or "content-length" or "user-agent" or "host";

    private static bool IsName(string name)
    {
        foreach (var c in name)
        {
            if (!(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-'))
            {
                return false;
            }
        }

        return name.Length > 0;
    }
}
