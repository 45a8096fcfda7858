using System.Text;

namespace WorkerHost.Supervision;

/// <summary>
/// A three-line shell script in a session of its own that holds the reading end of a pipe. We tell it which groups
/// live; when this process is gone, however it went, the pipe ends and the script kills them all: workers and what
/// they started. One for the whole process; replaced if somebody kills it. What leaves its worker's group (setsid)
/// escapes it.
/// </summary>
internal sealed class Warden(SpawnThread spawner)
{
    /// <summary>dash's builtin kill takes -PGID but refuses "--", so no other program is needed.</summary>
    private const string Script = """
        trap '' INT TERM HUP PIPE; g=' '
        while read -r op p; do case $op in +) g="$g$p ";; -) case $g in *" $p "*) g="${g%%" $p "*} ${g#*" $p "}";; esac;; esac; done
        for p in $g; do kill -KILL "-$p"; done
        """;

    private const string Shell = "/bin/sh";

    /// <summary>A shell that ends again and again is no warden; trying on for ever would only cost a core.</summary>
    private const int MostStarts = 20;

    private readonly Lock gate = new();
    private readonly HashSet<int> groups = [];
    private WardenPipe? pipe;
    private int starts;

    /// <summary>Why there is no warden; null when there is one, or none was needed yet.</summary>
    public string? Problem { get; private set; }

    /// <summary>Called on the spawn thread, before the first guarded process.</summary>
    public void EnsureStarted()
    {
        lock (gate)
        {
            if (pipe is null && Problem is null)
            {
                Start();
            }
        }
    }

    public void Guard(int group)
    {
        lock (gate)
        {
            groups.Add(group);
            Tell('+', group);
        }
    }

    /// <summary>Before the group's leader is reaped: afterwards the number may belong to a stranger.</summary>
    public void Forget(int group)
    {
        lock (gate)
        {
            groups.Remove(group);
            Tell('-', group);
        }
    }

    private void Tell(char what, int group)
    {
        // A failed write means that the warden is dead or stuck; its end is or will be noticed, and its successor is told all.
        if (pipe is not null && !pipe.Write($"{what} {group}\n"))
        {
            pipe.Kill();
        }
    }

    private void Start()
    {
        var request = new SpawnRequest
        {
            Executable = Shell,
            Arguments = ["sh", "-c", Script, "workerhost-warden", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)],
            Environment = ["PATH=/usr/bin:/bin"],
            WorkingDirectory = "/",
            CaptureOutput = false,
            Guarded = false,
        };
        if (++starts > MostStarts)
        {
            pipe = null;
            Problem = $"{Shell} has ended {MostStarts} times as the warden of worker processes";
            return;
        }

        try
        {
            pipe = new WardenPipe(this, request, spawner);
            Problem = null;
        }
        catch (IOException e)
        {
            pipe = null;
            Problem = $"{Shell} could not be started as the warden of worker processes: {e.Message}";
            return;
        }

        foreach (var group in groups)
        {
            pipe.Write($"+ {group}\n");
        }
    }

    private void Ended(WardenPipe ended) => spawner.Post(() =>
    {
        lock (gate)
        {
            if (ReferenceEquals(pipe, ended))
            {
                Start();
            }
        }
    });

    /// <summary>One warden process and our end of its pipe.</summary>
    private sealed class WardenPipe : ChildListener
    {
        private readonly Warden warden;
        private readonly ChildProcess child;

        public WardenPipe(Warden warden, SpawnRequest request, SpawnThread spawner)
        {
            this.warden = warden;
            child = spawner.Spawn(request, this);
        }

        public bool Write(string line) => child.WriteInput(Encoding.ASCII.GetBytes(line));

        public void Kill() => child.Signal(SignalNames.Kill, group: false);

        public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes)
        {
        }

        public override void Exited(ExitFacts facts, long? peakMemoryBytes) => warden.Ended(this);

        public override void Faulted(Exception exception)
        {
        }
    }
}
