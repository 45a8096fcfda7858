namespace WorkerHost.Supervision;

/// <summary>
/// posix_spawn with what a worker needs: a session of its own, default signal dispositions (the runtime ignores
/// SIGPIPE, and an ignored signal survives exec), an empty signal mask, three descriptors and no other.
/// </summary>
internal static unsafe class PosixSpawn
{
    private static bool canCloseFrom = true;

    /// <summary>Descriptors of the child's end; -1: /dev/null.</summary>
    public readonly record struct Stdio(int In, int Out, int Error);

    /// <returns>The process id, or the errno as a negative number.</returns>
    public static int Start(SpawnRequest request, Stdio stdio)
    {
        using var strings = new CStrings();
        var executable = strings.One(request.Executable);
        var argv = strings.Many(request.Arguments);
        var envp = strings.Many(request.Environment);
        var directory = request.WorkingDirectory is null ? null : strings.One(request.WorkingDirectory);
        var nothing = strings.One("/dev/null");

        var attributes = stackalloc byte[Libc.SpawnStructSize];
        var actions = stackalloc byte[Libc.SpawnStructSize];
        var signals = stackalloc byte[Libc.SignalSetSize];
        _ = Libc.posix_spawnattr_init(attributes);
        _ = Libc.posix_spawn_file_actions_init(actions);
        try
        {
            const short Flags = Libc.POSIX_SPAWN_SETSID | Libc.POSIX_SPAWN_SETSIGMASK | Libc.POSIX_SPAWN_SETSIGDEF;
            _ = Libc.posix_spawnattr_setflags(attributes, Flags);
            _ = Libc.sigemptyset(signals);
            _ = Libc.posix_spawnattr_setsigmask(attributes, signals);
            _ = Libc.sigfillset(signals);
            _ = Libc.posix_spawnattr_setsigdefault(attributes, signals);

            if (directory is not null)
            {
                _ = Libc.posix_spawn_file_actions_addchdir_np(actions, directory);
            }

            Place(actions, stdio.In, 0, nothing);
            Place(actions, stdio.Out, 1, nothing);
            Place(actions, stdio.Error, 2, nothing);
            CloseTheRest(actions);

            int pid;
            var error = Libc.posix_spawn(&pid, executable, actions, attributes, argv, envp);
            return error == 0 ? pid : -error;
        }
        finally
        {
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
        }
    }

    private static void Place(byte* actions, int from, int to, byte* nothing) =>
        _ = from >= 0
            ? Libc.posix_spawn_file_actions_adddup2(actions, from, to)
            : Libc.posix_spawn_file_actions_addopen(actions, to, nothing, Libc.O_RDWR, 0);

    /// <summary>
    /// What the host itself inherited without close-on-exec (a pipe of its own starter, say) must not live on in a
    /// worker or the warden: someone may wait for its end.
    /// </summary>
    private static void CloseTheRest(byte* actions)
    {
        if (!canCloseFrom)
        {
            return;
        }

        try
        {
            _ = Libc.posix_spawn_file_actions_addclosefrom_np(actions, 3);
        }
        catch (EntryPointNotFoundException)
        {
            canCloseFrom = false;
        }
    }
}
