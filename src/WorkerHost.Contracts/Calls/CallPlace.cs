using System.Globalization;
using Grpc.Core;

namespace WorkerHost;

/// <summary>Where a streaming call belongs: the session and the number that its pool gave it. Travels in the call's metadata; see <c>grpc_method.proto</c>.</summary>
internal readonly record struct CallPlace(ulong SessionKey, ulong Sequence, string TaskId)
{
    /// <summary>Also among the response headers and the trailers of every call that was taken: its end is told on the session too.</summary>
    public const string SequenceName = "workerhost-sequence";

    private const string SessionName = "workerhost-session";
    private const string IdName = "workerhost-task-id";

    /// <summary>Under which calls of a session are marked in the ledger.</summary>
    public static ulong LedgerKeyOf(ulong sessionKey) => ~sessionKey;

    /// <summary>Null: the call belongs to no session.</summary>
    public static CallPlace? From(Metadata metadata) =>
        ulong.TryParse(metadata.GetValue(SessionName), NumberStyles.None, CultureInfo.InvariantCulture, out var key)
        && ulong.TryParse(metadata.GetValue(SequenceName), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? new CallPlace(key, sequence, metadata.GetValue(IdName) ?? "")
            : null;

    public static bool IsOurs(string name) => name is SessionName or SequenceName or IdName or CallWords.Pool;

    public void AddTo(Metadata metadata)
    {
        metadata.Add(SessionName, SessionKey.ToString(CultureInfo.InvariantCulture));
        metadata.Add(SequenceName, Sequence.ToString(CultureInfo.InvariantCulture));
        metadata.Add(IdName, TaskId);
    }
}
