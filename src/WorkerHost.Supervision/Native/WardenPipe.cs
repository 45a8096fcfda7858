using System.Globalization;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>One warden process and our end of its pipe, which is there before it.</summary>
/// <param name="ended">Hears of its end, and in what way.</param>
internal sealed class WardenPipe(Action<WardenPipe, string> ended) : ChildListener
{
    public const string Shell = "/bin/sh";

    private readonly InputPipe input = new();
    private ChildProcess? child;
    private bool isDeaf;
    private volatile bool stopped;

    public int Pid => child?.Pid ?? 0;

    public void Start(SpawnThread spawner)
    {
        child = spawner.Spawn(Request(input), this);
        StoppedChild.Watch(child.Pid, Stopped);
    }

    /// <summary>
    /// In the warden's lock. A failed write means that it is dead or stuck; its end is or will be noticed, and its successor is
    /// told all. Killed, it cannot act on what it has not been told.
    /// </summary>
    public void Tell(string line)
    {
        isDeaf |= !input.Write(Encoding.ASCII.GetBytes(line));
        KillIfDeaf();
    }

    /// <summary>In the warden's lock.</summary>
    public void KillIfDeaf()
    {
        if (isDeaf)
        {
            Kill();
        }
    }

    public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes)
    {
    }

    public override void Exited(ExitFacts facts, long? peakMemoryBytes) =>
        ended(this, stopped ? "was stopped (SIGSTOP) and therefore killed" : $"has ended ({facts})");

    public override void Faulted(Exception exception)
    {
    }

    private static SpawnRequest Request(InputPipe input) => new()
    {
        Input = input,
        Executable = Shell,
        Arguments = ["sh", "-c", WardenScript.Text, "workerhost-warden", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)],
        Environment = ["PATH=/usr/bin:/bin", $"TMPDIR={Path.GetTempPath()}"],
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

    private void Kill() => child?.Signal(SignalNames.Kill, group: false);
}
