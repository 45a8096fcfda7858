using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>
/// The command line that isolates itself step by step and then becomes the worker, all in one process: a shell joins,
/// limits and raises; env gives back the variables that no shell keeps; nice and setpriv change what only a program can; a
/// launcher of the user's own comes last. Pure.
/// </summary>
internal static class LaunchChain
{
    /// <summary>A variable a shell gives away by itself, and which nobody has allowed.</summary>
    private static readonly string[] OfTheShell = ["PWD", "OLDPWD", "SHLVL"];

    /// <summary>The first is the executable's path, too.</summary>
    /// <exception cref="SpawnException">A variable cannot be carried past the shell.</exception>
    public static ImmutableArray<string> Make(IsolationPlan plan, LaunchPlan incarnation, CarriedEnvironment environment, ImmutableArray<string> worker)
    {
        ImmutableArray<string> behind = [.. Nice(plan), .. Setpriv(plan), .. Launcher(plan, incarnation), .. worker];
        return plan.Host.ShellPath is { } shell ? [.. Shell(plan, incarnation.ControlGroup, shell), .. Env(plan.Host, environment, behind[0]), .. behind] : behind;
    }

    private static ImmutableArray<string> Shell(IsolationPlan plan, ControlGroup? group, string shell)
    {
        var script = new StringBuilder("no() { echo \"workerhost: $1\" >&2; exit 71; }\n");
        foreach (var path in group?.Paths ?? [])
        {
            // What nobody asked for is left out where it fails.
            script.Append(CultureInfo.InvariantCulture, $"echo 0 >'{path}/cgroup.procs' || {(plan.MustJoin ? $"no 'it could not be put into the control group {path}'" : ":")}\n");
        }

        if (plan.OomScore is { } score)
        {
            script.Append(CultureInfo.InvariantCulture, $"echo {score} >/proc/self/oom_score_adj || no 'its oom_score_adj could not be set to {score}'\n");
        }

        if (plan.Options.MaxOpenFiles is { } files)
        {
            script.Append(CultureInfo.InvariantCulture, $"ulimit -n {files} || no 'its limit of open files could not be set to {files}'\n");
        }

        if (!plan.Options.CoreDumps)
        {
            script.Append("ulimit -c 0 || no 'its core dumps could not be turned off'\n");
        }

        script.Append(CultureInfo.InvariantCulture, $"unset {string.Join(' ', OfTheShell)}\nexec \"$@\"");
        return [shell, "-c", script.ToString(), "workerhost-launch"];
    }

    private static ImmutableArray<string> Env(HostFacts host, CarriedEnvironment environment, string next)
    {
        // bash gives _ and SHLVL to whatever it becomes, also where it was told not to.
        if (environment.Carried.IsEmpty && !(host.ShellIsBash && host.EnvPath is not null))
        {
            return [];
        }

        // env would take such a program for one more variable; setpriv or nice stands before it where it is there.
        var hidesProgram = next.Contains('=', StringComparison.Ordinal);
        if (host.EnvPath is not { } env || (hidesProgram && host.NicePath is null))
        {
            throw new SpawnException($"the environment variables {string.Join(", ", environment.Carried)} cannot be taken past /bin/sh, which drops such names: that needs env {(hidesProgram ? "and nice " : "")}of GNU coreutils, which is not installed. Rename them, or leave SupervisorOptions.Isolation at its defaults");
        }

        return [env, .. environment.Restore("_", "SHLVL"), .. hidesProgram ? (ReadOnlySpan<string>)[host.NicePath!, "-n", "0"] : []];
    }

    private static ImmutableArray<string> Nice(IsolationPlan plan) =>
        plan.Options.Nice == 0 ? [] : [plan.Host.NicePath!, "-n", Text(plan.Options.Nice)];

    private static ImmutableArray<string> Setpriv(IsolationPlan plan)
    {
        if (plan.Host.SetprivPath is not { } setpriv)
        {
            return [];
        }

        // It asks for the parent-death signal last; a change of user before that does not take it away again.
        ImmutableArray<string> account = plan.Account is not { } user ? [] :
            ["--reuid", Text(user.UserId), "--regid", Text(user.GroupId), user.Name is null ? "--clear-groups" : "--init-groups"];
        ImmutableArray<string> rights = plan.Options.NoNewPrivileges ? ["--no-new-privs"] : [];
        return [setpriv, .. account, .. rights, "--pdeathsig", "KILL", "--"];
    }

    private static ImmutableArray<string> Launcher(IsolationPlan plan, LaunchPlan incarnation)
    {
        if (plan.Options.Launcher.IsDefaultOrEmpty)
        {
            return [];
        }

        var program = CommandResolver.Resolve(WorkerCommand.Create(plan.Options.Launcher[0]), plan.Host.SearchPath).Path;
        return [program, .. plan.Options.Launcher.Skip(1).Select(a => Fill(a, incarnation))];
    }

    private static string Fill(string argument, LaunchPlan incarnation) => argument
        .Replace("{directory}", incarnation.Directory.Path, StringComparison.Ordinal)
        .Replace("{pool}", incarnation.Id.Pool, StringComparison.Ordinal)
        .Replace("{slot}", Text(incarnation.Id.Slot), StringComparison.Ordinal)
        .Replace("{incarnation}", Text(incarnation.Id.Incarnation), StringComparison.Ordinal);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
