namespace WorkerHost.Worker;

/// <summary>
/// Lets the kernel kill this process when its supervisor's spawning thread ends. Supervisors do it with setpriv before our
/// first instruction; this is for where setpriv is missing.
/// </summary>
internal static unsafe class ParentDeath
{
    /// <summary>False: the parent is gone already.</summary>
    /// <param name="supervisorPid">Our parent as first seen.</param>
    public static bool Follow(int supervisorPid)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        var signal = 0;
        if (LibC.prctl(LibC.PR_GET_PDEATHSIG, (nint)(&signal), 0, 0, 0) == 0 && signal != 0)
        {
            return true;
        }

        _ = LibC.prctl(LibC.PR_SET_PDEATHSIG, LibC.SIGKILL, 0, 0, 0);

        // Died between our start and the call above: no signal will come.
        return LibC.getppid() == supervisorPid;
    }
}
