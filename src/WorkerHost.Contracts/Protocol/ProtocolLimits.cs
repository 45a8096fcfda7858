using System.Text;

namespace WorkerHost;

/// <summary>Versions, names and limits of the wire that both sides must agree on.</summary>
internal static class ProtocolLimits
{
    public const uint MinVersion = 1;
    public const uint MaxVersion = 1;

    /// <summary>
    /// A frame of a session stays below this; what is larger goes in pieces where the peer takes them, else alone. Four times the 64 KiB at which a Unix
    /// socket's write begins to block: large enough to batch thousands of small tasks, small enough that none waits long.
    /// </summary>
    public const int MaxFrameBytes = 256 * 1024;

    /// <summary>A peer that says it takes only smaller frames is sent this much all the same.</summary>
    public const int MinFrameBytes = 1024;

    /// <summary>How large frames to a peer may be.</summary>
    /// <param name="said">What its hello says; 0: nothing.</param>
    public static int FrameBytesFor(ulong said) => said is 0 ? MaxFrameBytes : (int)Math.Clamp(said, MinFrameBytes, MaxFrameBytes);

    /// <summary>Splinters cost more than they use of a frame's room; fits into half of the smallest frame with all its numbers.</summary>
    public const int SmallestChunkBytes = 256;

    /// <summary>The default for the largest task or result, in bytes.</summary>
    public const int DefaultMaxMessageBytes = 64 * 1024 * 1024;

    /// <summary>Room for names, headers and framing beside a payload of the largest size.</summary>
    public const int MessageOverheadBytes = 64 * 1024;

    /// <summary>
    /// A piece of a large payload. Below the 85 000 bytes from which .NET allocates an object on the large object heap,
    /// which is collected only with everything else.
    /// </summary>
    public const int ChunkBytes = 64 * 1024;

    /// <summary>How much of a payload goes into the next piece of it: as much as may and has room, and nothing where that is too little to be worth it.</summary>
    public static int ChunkOf(int left, int room)
    {
        var length = Math.Min(Math.Min(room, left), ChunkBytes);
        return length < Math.Min(left, SmallestChunkBytes) ? 0 : length;
    }

    /// <summary>So many payloads may be on their way in pieces at a time, in one direction of a session.</summary>
    public const int MaxPartialPayloads = 16;

    /// <summary>Task names and ids longer than this are refused.</summary>
    public const int MaxNameLength = 1024;

    /// <summary>A task with more headers is refused. Beside them names and id of the longest fit into <see cref="MessageOverheadBytes"/>.</summary>
    public const int MaxHeaderBytes = 32 * 1024;

    /// <summary>What a task's headers count: names and values in UTF-8, and 8 bytes more for each.</summary>
    public static long HeaderBytesOf(IEnumerable<KeyValuePair<string, string>> headers)
    {
        long bytes = 0;
        foreach (var (name, value) in headers)
        {
            bytes += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value) + 8;
        }

        return bytes;
    }
}

/// <summary>What an endpoint can do beyond <c>Run</c> and health.</summary>
internal static class Capability
{
    public const string Session = "session";
    public const string Ledger = "ledger";
    public const string Control = "control";
    public const string Chunks = "chunks";
    public const string Streams = "streams";
    public const string Calls = "calls";

    /// <summary>
    /// Behind this endpoint stands a pool. It tries tasks again itself: their failures are final. A task whose session broke goes on
    /// for a while; submitted again under its id in another session it is attached to, or given its kept outcome.
    /// </summary>
    public const string Attach = "attach";
}

/// <summary>What the bytes of a payload are.</summary>
internal static class ContentType
{
    public const string Json = "application/json";
    public const string Protobuf = "application/x-protobuf";
    public const string Bytes = "application/octet-stream";
}
