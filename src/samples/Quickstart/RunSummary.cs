using System.Globalization;

namespace WorkerHost.Samples.Quickstart;

/// <summary>A run as a whole, at its end or so far.</summary>
/// <param name="Workers">How many worker processes there are at a time.</param>
internal sealed record RunSummary(int Workers)
{
    /// <summary>Files found, the failed ones included.</summary>
    public int Files { get; init; }

    /// <summary>Those without facts.</summary>
    public int Failed { get; init; }

    /// <summary>Folders that could not be read; what is in them is not known and not counted.</summary>
    public int UnreadableFolders { get; init; }

    /// <summary>Bytes read of the files that have facts.</summary>
    public long Bytes { get; init; }

    /// <summary>Worker processes that ended while there was work.</summary>
    public long Deaths { get; init; }

    /// <summary>From the start of the workers to the last outcome.</summary>
    public double Seconds { get; init; }

    /// <summary>A signal ended it before everything was done.</summary>
    public bool Cancelled { get; init; }

    public RunSummary With(FileOutcome outcome) => outcome.Problem?.Kind == FileProblem.FolderNotReadable
        ? this with { UnreadableFolders = UnreadableFolders + 1 }
        : this with { Files = Files + 1, Failed = Failed + (outcome.Problem is null ? 0 : 1), Bytes = Bytes + (outcome.Facts?.Size ?? 0) };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Cancelled ? "stopped before the end: " : "")}{Count(Files, "file")}, {Failed:N0} failed, "
        + $"{(UnreadableFolders > 0 ? Count(UnreadableFolders, "folder") + " not readable, " : "")}{Bytes / 1e6:N1} MB in {Seconds:0.0} s "
        + $"({Bytes / 1e6 / Math.Max(Seconds, 0.001):N0} MB/s) with {Count(Workers, "worker")}; {Count(Deaths, "worker death")}");

    /// <summary>Such as "1 file" and "1,234 files".</summary>
    public static string Count(long number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {what}{(number == 1 ? "" : "s")}");
}
