namespace WorkerHost.Samples;

internal static class IsolationPage
{
    public static EmbeddedPoolOptions Limits()
    {
        var options = new EmbeddedPoolOptions
        {
            Supervision = new SupervisorOptions
            {
                Isolation = new IsolationOptions
                {
                    User = "nobody",
                    NoNewPrivileges = true,
                    MemoryLimitBytes = 512 << 20,
                    CpuLimit = 0.5,
                    MaxOpenFiles = 256,
                },
            },
        };
        return options;
    }

    public static IsolationOptions Sandbox() => new()
    {
        Launcher = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid", "--die-with-parent",
            "--bind", "{directory}", "{directory}", "--"]
    };
}
