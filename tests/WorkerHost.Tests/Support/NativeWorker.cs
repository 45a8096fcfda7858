using System.Diagnostics;

namespace WorkerHost.Tests;

/// <summary>The worker that is published native, once for all who use it; that takes a minute.</summary>
public sealed class NativeWorker : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly string folder = Directory.CreateTempSubdirectory("wh-native-").FullName;

    /// <summary>The program.</summary>
    public string Path => System.IO.Path.Combine(folder, "WorkerHost.NativeWorker");

    /// <summary>What the build said.</summary>
    public string Output { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        RequiredTool.Demand(IsThere("clang") || IsThere("gcc"), "a linker for native code (clang)");

        // Without -r, which would go to every project it refers to; the SDK takes this machine's system by itself.
        var project = System.IO.Path.Combine(RepositoryRoot.Path, "tests", "WorkerHost.NativeWorker");
        var start = new ProcessStartInfo("dotnet", ["publish", project, "-c", "Release", "-o", folder, "--nologo", "-tl:off", "-v", "minimal"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Nothing of the build stays behind.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment.Remove("MSBuildSDKsPath");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Output = await output + await error;
        Assert.True(process.ExitCode == 0, $"the native worker could not be published (clang and zlib1g-dev are needed):\n{Output}");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return default;
    }

    private static bool IsThere(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(System.IO.Path.PathSeparator)
        .Any(f => File.Exists(System.IO.Path.Combine(f, program)));
}
