using System.Buffers.Binary;
using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>
/// How far a boot has come, and when. The worker's own steps come from its ledger, which is looked at while the probe
/// waits anyway. Thread-safe.
/// </summary>
internal sealed class BootSteps(OpenLedger ledger, Func<TimeSpan> now)
{
    public const string Connected = "connected";

    private readonly Lock gate = new();
    private readonly TimeSpan startedAt = now();
    private readonly List<(string Name, TimeSpan At)> reached = [];
    private LedgerStage seen = LedgerStage.Created;
    private string? last;
    private bool settled;

    public void Reach(string step)
    {
        lock (gate)
        {
            if (!settled && !reached.Exists(r => r.Name == step))
            {
                reached.Add((step, now() - startedAt));
            }
        }
    }

    public bool HasReached(string step)
    {
        lock (gate)
        {
            return reached.Exists(r => r.Name == step);
        }
    }

    /// <summary>What the probe met last; told when the boot fails.</summary>
    public void Meet(string answer)
    {
        lock (gate)
        {
            last = settled ? last : answer;
        }
    }

    /// <summary>The worker is about to be ended: what the probe meets from now on is our doing.</summary>
    public void Settle()
    {
        lock (gate)
        {
            settled = true;
        }
    }

    /// <summary>Looks into the ledger; some microseconds, in which nobody else waits.</summary>
    public void LookIntoLedger()
    {
        if (ReadStage() is { } stage && Name(stage) is { } name)
        {
            var at = now() - startedAt;
            lock (gate)
            {
                // Who has read before may come after.
                if (Rank(stage) > Rank(seen))
                {
                    seen = stage;
                    reached.Add((name, at));
                }
            }
        }
    }

    /// <summary>What the probe met last: what the boot was stuck at, if it was.</summary>
    public string? LastAnswer
    {
        get
        {
            lock (gate)
            {
                return last;
            }
        }
    }

    /// <summary>In order, each with the time it took.</summary>
    public ImmutableArray<BootStep> Reached
    {
        get
        {
            lock (gate)
            {
                return [.. reached.Select((step, i) => new BootStep(step.Name, step.At, step.At - (i == 0 ? TimeSpan.Zero : reached[i - 1].At)))];
            }
        }
    }

    private LedgerStage? ReadStage()
    {
        Span<byte> stage = stackalloc byte[sizeof(uint)];
        return ledger.Read(stage, LedgerLayout.StageAt) < stage.Length ? null : (LedgerStage)BinaryPrimitives.ReadUInt32LittleEndian(stage);
    }

    /// <summary>The order in which a boot comes by them; their numbers tell when they were invented.</summary>
    private static int Rank(LedgerStage stage) => stage switch
    {
        LedgerStage.Created => 0,
        LedgerStage.ProcessStarted => 1,
        LedgerStage.Initializing => 2,
        LedgerStage.Initialized => 3,
        LedgerStage.Listening => 4,
        LedgerStage.WarmedUp => 5,
        LedgerStage.Ready => 6,
        LedgerStage.Draining => 7,

        // Of a worker that is newer than we are.
        _ => -1,
    };

    private static string? Name(LedgerStage stage) => stage switch
    {
        LedgerStage.ProcessStarted => "SDK started",
        LedgerStage.Initializing => "initializer called",
        LedgerStage.Initialized => "initialized",
        LedgerStage.Listening => "listening",
        LedgerStage.WarmedUp => "warmed up",
        LedgerStage.Ready => "ready by its own account",
        LedgerStage.Draining => "draining",
        _ => null,
    };
}
