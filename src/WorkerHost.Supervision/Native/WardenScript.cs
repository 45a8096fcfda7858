namespace WorkerHost.Supervision;

/// <summary>
/// What the warden does: reads which groups live, one line each (<c>+ GROUP START:CONTROLGROUP</c>, <c>- GROUP</c>), and at the end of its
/// input kills those that are left, and deletes what the .NET runtimes of their leaders have made for debuggers (<see cref="RuntimeLeftovers"/>),
/// in the host's directory for temporary files and in that of workers who may not write there. Plain POSIX sh. dash's builtin kill takes -GROUP but refuses "--", so no other program is needed to kill.
/// </summary>
/// <remarks>
/// A group's number may have been given to a stranger by the time it is killed, when the warden itself was held up. So its
/// leader's start time is compared first (the 22nd field of stat, the 20th after the name). A leader that is gone is no
/// obstacle: the kernel does not give a number away for as long as a group of that number has a member.
/// </remarks>
internal static class WardenScript
{
    public const string Text = """
        trap '' INT TERM HUP QUIT PIPE USR1 USR2; set -f; g=' '
        while read -r op p t; do case $op in
        +) g="$g$p:$t ";;
        -) case $g in *" $p:"*) r=${g#*" $p:"}; g="${g%%" $p:"*} ${r#* }";; esac;;
        esac; done
        for e in $g; do
        p=${e%%:*}; t=${e#*:}; c=${t#*:}; t=${t%%:*}
        s=; { read -r s < "/proc/$p/stat"; } 2>/dev/null; set -- ${s##*) }
        case ${20-} in ''|"$t") kill -KILL "-$p";; esac
        [ "$c" ] && { echo 1 >"$c/cgroup.kill" || for i in 1 2 3 4 5 6 7 8; do while read -r q; do kill -KILL "$q"; done <"$c/cgroup.procs"; done; }
        done 2>/dev/null
        set --
        for e in $g; do for d in "${TMPDIR:-/tmp}" /tmp; do
        t=${e#*:}; t="${e%%:*}-${t%%:*}"; set -- "$@" "$d/dotnet-diagnostic-$t-socket" "$d/clr-debug-pipe-$t-in" "$d/clr-debug-pipe-$t-out"
        done; done
        rm -f "$@"
        """;
}
