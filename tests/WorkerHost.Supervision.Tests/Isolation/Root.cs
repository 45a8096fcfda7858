namespace WorkerHost.Supervision.Tests.Isolation;

/// <summary>Tests of what only root, or who may write control groups, can do.</summary>
internal static class Root
{
    public static void DemandMemory() => Assert.SkipUnless(Can(new IsolationOptions { MemoryLimitBytes = 1L << 30 }), "no memory control group can be made here");

    public static void DemandContainment() => Assert.SkipUnless(Can(new IsolationOptions { ContainDescendants = true }), "no control group of version 2 can be made here");

    private static bool Can(IsolationOptions options)
    {
        var can = true;
        ControlGroups.For(options, ControlGroupLayout.Probe(), (_, _) => can = false);
        return can;
    }

    public static void Demand() => Assert.SkipUnless(Libc.geteuid() == 0, "only root can start workers as another user");
}
