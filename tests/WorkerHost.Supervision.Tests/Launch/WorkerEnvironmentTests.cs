using System.Collections;

namespace WorkerHost.Supervision.Tests.Launch;

public sealed class WorkerEnvironmentTests
{
    private static readonly IDictionary Host = new Dictionary<string, string>
    {
        ["PATH"] = "/bin",
        ["LC_ALL"] = "C",
        ["DOTNET_ROOT"] = "/usr/share/dotnet",
        ["DOTNET_gcServer"] = "1",
        ["AWS_SECRET_ACCESS_KEY"] = "secret",
        ["APP_ONE"] = "1",
        ["APP_TWO"] = "2",
        ["LD_PRELOAD"] = "evil.so",
    };

    [Fact]
    public void Nothing_is_inherited_but_what_is_allowed()
    {
        var result = WorkerEnvironment.Build(Host, ["APP_*"], new Dictionary<string, string> { ["MINE"] = "x", ["LC_ALL"] = "C.UTF-8" });
        Assert.Equal(
            ["APP_ONE=1", "APP_TWO=2", "DOTNET_ROOT=/usr/share/dotnet", "DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=10", "DOTNET_gcConcurrent=0", "DOTNET_gcServer=1", "LC_ALL=C.UTF-8", "MINE=x", "PATH=/bin", "WORKERHOST_WORKER=1"],
            result);
    }

    [Fact]
    public async Task A_real_worker_sees_exactly_that()
    {
        var command = Supervised.Shell("env >&2; exit 1") with { Environment = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("MINE", "ünïcode = yes") };
        var error = await Supervised.FailToStartAsync(command, new SupervisorOptions { Workers = 1, OutputTailLines = 200 });
        Assert.Contains("MINE=ünïcode = yes", error.Deaths[0].LastOutput);
        Assert.Contains("WORKERHOST_WORKER=1", error.Deaths[0].LastOutput);
    }
}
