using Google.Protobuf.WellKnownTypes;

namespace WorkerHost.Client;

/// <summary>Reads death reports of a host's workers off the wire. What it says is not trusted: times that cannot be are left out.</summary>
internal static class WireDeath
{
    public static DeathReport Read(V1.DeathReport death)
    {
        var cause = (DeathCause)death.Cause;
        return new DeathReport
        {
            Worker = new WorkerId(death.Pool, (int)Math.Min(death.Slot, int.MaxValue), (long)Math.Min(death.Incarnation, long.MaxValue)),
            Pid = death.Pid,
            Time = ReadTime(death.Time),
            Uptime = ReadSpan(death.Uptime) ?? TimeSpan.Zero,
            ReadyFor = ReadSpan(death.ReadyFor),
            Cause = System.Enum.IsDefined(cause) ? cause : default,
            ExitCode = death.Signal.Length > 0 || death.ExitCode == -1 ? null : death.ExitCode,
            Signal = TextOrNull(death.Signal),
            Reason = TextOrNull(death.Reason),
            RunningTasks = [.. death.RunningTasks],
            LastOutput = [.. death.LastOutput],
            PeakMemoryBytes = NumberOrNull(death.PeakMemoryBytes),
            TasksFinished = NumberOrNull(death.TasksFinished),
            BootSteps = [.. death.BootSteps.Select(static s => new BootStep(s.Name, ReadSpan(s.After) ?? TimeSpan.Zero, ReadSpan(s.Took) ?? TimeSpan.Zero))],
            Next = death.Next,
            NextTryIn = ReadSpan(death.NextTryIn),
        };
    }

    private static string? TextOrNull(string text) => text.Length == 0 ? null : text;

    private static long? NumberOrNull(ulong number) => number == 0 ? null : (long)Math.Min(number, long.MaxValue);

    /// <summary>Up to a hundred years.</summary>
    private static TimeSpan? ReadSpan(Duration? span) =>
        span is { Seconds: >= 0 and <= 3_155_760_000, Nanos: >= 0 and < 1_000_000_000 } ? span.ToTimeSpan() : null;

    /// <summary>The years 1970 to 9999.</summary>
    private static DateTimeOffset ReadTime(Timestamp? time) =>
        time is { Seconds: >= 0 and < 253_402_300_800, Nanos: >= 0 and < 1_000_000_000 } ? time.ToDateTimeOffset() : default;
}
