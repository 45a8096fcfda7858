using System.Globalization;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>
/// A small shell script in a session of its own that holds the reading end of a pipe. We tell it which groups
/// live; when this process is gone, however it went, the pipe ends and the script kills them all: workers and what
/// they started. One for the whole process; replaced if somebody kills or stops it. What leaves its worker's group
/// (setsid) escapes it, unless the worker has a control group.
/// </summary>
internal sealed class Warden(SpawnThread spawner, TimeProvider time)
{
    private const string Shell = "/bin/sh";

    /// <summary>A shell that ends at once, so often in a row, is no warden; trying on at speed would only cost a core.</summary>
    private const int MostQuickEnds = 20;

    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);

    /// <summary>Then a start of a worker tries once more, for as long as it takes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Half of what a pipe holds.</summary>
    private const int MostFirstInput = 32 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<int, Guarded> groups = [];
    private WardenPipe? pipe;
    private int quickEnds;
    private long startedAt;

    /// <summary>
    /// Something has become of the warden that every supervisor of this process should say. On the spawn thread: only
    /// pass it on.
    /// </summary>
    public event Action<SupervisorEvent>? Noticed;

    /// <summary>Why there is no warden; null when there is one, or none was needed yet.</summary>
    public string? Problem { get; private set; }

    /// <summary>Called on the spawn thread, before every guarded process.</summary>
    public void EnsureStarted()
    {
        lock (gate)
        {
            if (pipe is null && (Problem is null || time.GetElapsedTime(startedAt) >= Pause))
            {
                Start();
            }
        }
    }

    /// <param name="leader">Our child, not reaped yet; if it is not known, somebody else has reaped it and its number may be a stranger's.</param>
    /// <param name="controlGroup">The group that is to be killed with it; null: none.</param>
    public void Guard(ProcessIdentity leader, ControlGroup? controlGroup)
    {
        if (leader.IsKnown)
        {
            lock (gate)
            {
                groups[leader.Pid] = new Guarded(leader, controlGroup);
                Tell(groups[leader.Pid].Line);
            }
        }
    }

    /// <summary>Before the group's leader is reaped: afterwards the number may belong to a stranger.</summary>
    public void Forget(int group)
    {
        lock (gate)
        {
            if (groups.Remove(group))
            {
                Tell($"- {group}\n");
            }
        }
    }

    private void Tell(string line)
    {
        // A failed write means that the warden is dead or stuck; its end is or will be noticed, and its successor is told all.
        // Killed, it cannot act on what it has not been told.
        if (pipe is not null && !pipe.Write(line))
        {
            pipe.Kill();
        }
    }

    private void Start()
    {
        startedAt = time.GetTimestamp();

        // It is born with what it has to know: there is no moment at which it is there and knows nothing.
        var known = 0;
        var first = new StringBuilder();
        string[] lines = [.. groups.Values.Select(static g => g.Line)];
        while (known < lines.Length && first.Length + lines[known].Length <= MostFirstInput)
        {
            first.Append(lines[known++]);
        }

        try
        {
            pipe = new WardenPipe(this, spawner, first.ToString());
            Problem = null;
        }
        catch (IOException e)
        {
            pipe = null;
            Problem = $"{Shell} could not be started as the warden of worker processes: {e.Message}";
            return;
        }

        foreach (var line in lines.Skip(known))
        {
            pipe.Write(line);
        }
    }

    private void Ended(WardenPipe ended, string how) => spawner.Post(() =>
    {
        string? problem;
        lock (gate)
        {
            if (!ReferenceEquals(pipe, ended))
            {
                return;
            }

            pipe = null;
            quickEnds = time.GetElapsedTime(startedAt) < Quick ? quickEnds + 1 : 0;
            if (quickEnds < MostQuickEnds)
            {
                Start();
            }
            else
            {
                quickEnds = 0;
                Problem = $"{Shell} has ended at once {MostQuickEnds} times as the warden of worker processes ({how})";
            }

            problem = Problem;
        }

        Noticed?.Invoke(problem is null ? new SupervisorEvent.WardenReplaced(ended.Pid, how) : new SupervisorEvent.NoWarden(problem));
    });

    private readonly record struct Guarded(ProcessIdentity Leader, ControlGroup? ControlGroup)
    {
        public string Line => $"+ {Leader.Pid} {Leader.StartTime}:{ControlGroup?.KillPath}\n";
    }

    /// <summary>One warden process and our end of its pipe.</summary>
    private sealed class WardenPipe : ChildListener
    {
        private readonly Warden warden;
        private readonly ChildProcess child;
        private volatile bool stopped;

        public WardenPipe(Warden warden, SpawnThread spawner, string first)
        {
            this.warden = warden;
            child = spawner.Spawn(Request(first), this);
            StoppedChild.Watch(child.Pid, Stopped);
        }

        public int Pid => child.Pid;

        public bool Write(string line) => child.WriteInput(Encoding.ASCII.GetBytes(line));

        public void Kill() => child.Signal(SignalNames.Kill, group: false);

        public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes)
        {
        }

        public override void Exited(ExitFacts facts, long? peakMemoryBytes) =>
            warden.Ended(this, stopped ? "was stopped (SIGSTOP) and therefore killed" : $"has ended ({facts})");

        public override void Faulted(Exception exception)
        {
        }

        private static SpawnRequest Request(string first) => new()
        {
            FirstInput = Encoding.ASCII.GetBytes(first),
            Executable = Shell,
            Arguments = ["sh", "-c", WardenScript.Text, "workerhost-warden", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)],
            Environment = ["PATH=/usr/bin:/bin"],
            WorkingDirectory = "/",
            CaptureOutput = false,
            Guarded = false,
        };

        /// <summary>A warden that stands still guards nobody, and SIGKILL ends it all the same.</summary>
        private void Stopped()
        {
            stopped = true;
            Kill();
        }
    }
}
