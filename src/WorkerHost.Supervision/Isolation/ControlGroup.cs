using System.Collections.Immutable;
using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>
/// One worker's own control group: everything it has started is in it, whatever session it has moved to. One directory in
/// each hierarchy that is used, made already. Thread-safe; never throws for what is gone already.
/// </summary>
internal sealed class ControlGroup(ImmutableArray<string> paths)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRemoval = TimeSpan.FromSeconds(5);

    public ImmutableArray<string> Paths { get; } = paths;

    /// <summary>The one to kill by: version 2 does it at one stroke.</summary>
    public string KillPath { get; } = paths.FirstOrDefault(p => File.Exists($"{p}/cgroup.kill"), paths[0]);

    /// <summary>How many of its processes the kernel's out-of-memory killer has taken; null where nobody counts.</summary>
    public long? OomKills => Paths
        .Select(p => ControlGroupFile.Count($"{p}/memory.events", "oom_kill") ?? ControlGroupFile.Count($"{p}/memory.oom_control", "oom_kill"))
        .FirstOrDefault(c => c is not null);

    /// <summary>
    /// SIGKILL to all in it by one write, for threads that must not be held up; does nothing where there is no cgroup.kill:
    /// <see cref="RemoveAsync"/> finds those who are left.
    /// </summary>
    public bool TryKillAtOnce() => ControlGroupFile.TryWrite($"{KillPath}/cgroup.kill", "1");

    /// <summary>
    /// SIGKILL to all in it. Without cgroup.kill one by one, which what forks fast enough may survive: repeated until it can be
    /// removed.
    /// </summary>
    public void Kill()
    {
        if (TryKillAtOnce())
        {
            return;
        }

        ControlGroupFile.TryWrite($"{KillPath}/cgroup.freeze", "1");
        foreach (var group in Tree(KillPath))
        {
            foreach (var word in ControlGroupFile.Words($"{group}/cgroup.procs"))
            {
                KillMember(int.Parse(word, CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>False while a process is in it that has not ended yet.</summary>
    public bool TryRemove()
    {
        var removed = true;
        foreach (var path in Paths)
        {
            try
            {
                // Innermost first: who is root in a worker may have made more below.
                foreach (var group in Tree(path).Reverse())
                {
                    Directory.Delete(group);
                }
            }
            catch (DirectoryNotFoundException)
            {
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                removed = false;
            }
        }

        return removed;
    }

    /// <summary>Kills and removes until nothing is left, for some seconds at most.</summary>
    public async Task RemoveAsync(TimeProvider time)
    {
        // Never on the thread of who asks: where there are many members, it takes a while to find them.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var start = time.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(1);
        while (!TryRemove() && time.GetElapsedTime(start) < LongestRemoval)
        {
            Kill();
            await Task.Delay(pause, time).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static string[] Tree(string path)
    {
        try
        {
            return [path, .. Directory.EnumerateDirectories(path, "*", SearchOption.AllDirectories)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not to be listed is not to be gone.
            return [path];
        }
    }

    /// <summary>The descriptor is of one process for good: only when that one is a member, it is killed.</summary>
    private void KillMember(int pid)
    {
        var descriptor = Libc.PidfdOpen(pid);
        try
        {
            var name = Path.GetFileName(KillPath);
            if (File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cgroup")).Any(l => l.Contains(name, StringComparison.Ordinal)))
            {
                _ = descriptor >= 0 ? Libc.PidfdSendSignal(descriptor, SignalNames.Kill) : Libc.kill(pid, SignalNames.Kill);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone meanwhile.
        }
        finally
        {
            PipePair.Close(ref descriptor);
        }
    }
}
