using Google.Protobuf;

namespace WorkerHost.Conformance.Tests;

/// <summary>What a newer version of the contract may put into a message, and into each message in it.</summary>
internal static class UnknownFields
{
    // Field 2047 is the text "new", field 2046 the number 7, field 2045 a message with a field of its own.
    private static readonly byte[] Some = [0xfa, 0x7f, 3, (byte)'n', (byte)'e', (byte)'w', 0xf0, 0x7f, 7, 0xea, 0x7f, 2, 0x08, 1];

    /// <summary>The same message with them.</summary>
    public static T Added<T>(T message)
        where T : class, IMessage<T>
    {
        Add(message);
        return message;
    }

    private static void Add(IMessage message)
    {
        message.MergeFrom(Some);
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            // Messages of the library itself (durations, timestamps) stay as they are: nobody adds to those.
            if (field.FieldType is not Google.Protobuf.Reflection.FieldType.Message || field.MessageType.File.Package.StartsWith("google.", StringComparison.Ordinal) || field.IsMap)
            {
                continue;
            }

            if (field.IsRepeated)
            {
                foreach (var one in (System.Collections.IList)field.Accessor.GetValue(message))
                {
                    Add((IMessage)one!);
                }
            }
            else if (field.Accessor.GetValue(message) is IMessage inner)
            {
                Add(inner);
            }
        }
    }
}
