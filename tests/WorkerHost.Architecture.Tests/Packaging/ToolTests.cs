using System.Security.Cryptography;

namespace WorkerHost.Architecture.Tests;

/// <summary>The packed command can be installed from a feed and runs a host.</summary>
public sealed class ToolTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("wh-tool-").FullName;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task The_packed_command_installs_from_a_feed_serves_and_is_told_to_stop()
    {
        var (feed, tools) = (Path.Combine(folder, "feed"), Path.Combine(folder, "tools"));
        var version = $"0.0.0-test.{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        var project = Path.Combine(RepositoryRoot.Path, "src", "WorkerHost.Sidecar");
        await Dotnet.RunAsync(project, "pack", "-c", Dotnet.Configuration, "--no-build", "--nologo", "-o", feed, $"-p:PackageVersion={version}");
        await Dotnet.RunAsync(folder, "tool", "install", "WorkerHost.Sidecar", "--tool-path", tools, "--add-source", feed, "--version", version);

        var workerhost = Path.Combine(tools, "workerhost");
        Assert.Matches(@"^\d+\.\d+\.\d+", await Dotnet.RunAsync(workerhost, folder, ["--version"]));

        var endpoints = Path.Combine(folder, "endpoint.json");
        var worker = Path.Combine(RepositoryRoot.Path, "tests", "WorkerHost.TestWorker", "bin", Dotnet.Configuration, "net10.0", "WorkerHost.TestWorker");
        using var host = Dotnet.Start(workerhost, folder, ["serve", "--endpoint-file", endpoints, "--set", $"pools:images:command:fileName={worker}", "--set", "pools:images:workers=1"]);
        var said = host.StandardError.ReadToEndAsync();
        var ended = host.StandardOutput.ReadToEndAsync();
        try
        {
            await Dotnet.RunAsync(workerhost, folder, ["wait", "--endpoint-file", endpoints]);
            Assert.Equal("42\n", await Dotnet.RunAsync(workerhost, folder, ["submit", "images", "add", "20", "22", "--endpoint-file", endpoints]));
            await Dotnet.RunAsync("kill", folder, ["-TERM", $"{host.Id}"]);
            await host.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
            Assert.True(host.ExitCode == 0, await said + await ended);
            Assert.False(File.Exists(endpoints));
        }
        finally
        {
            if (!host.HasExited)
            {
                host.Kill(entireProcessTree: true);
            }
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
