using System.Diagnostics;

namespace WorkerHost.Benchmarks;

/// <summary>
/// The least a .NET process can do: print a word. Published ready to run where the compiler for that can be had,
/// else built as usual; which of them stands in the description.
/// </summary>
internal sealed record HelloProgram(string Path, string Description)
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <InvariantGlobalization>true</InvariantGlobalization>
            <UseSharedCompilation>false</UseSharedCompilation>
          </PropertyGroup>
        </Project>
        """;

    public static async Task<HelloProgram> BuildAsync(string folder, TextWriter log)
    {
        File.WriteAllText(System.IO.Path.Combine(folder, "Hello.csproj"), Project);
        File.WriteAllText(System.IO.Path.Combine(folder, "Program.cs"), "System.Console.WriteLine(\"hello\");");
        var output = System.IO.Path.Combine(folder, "out");
        var path = System.IO.Path.Combine(output, "Hello");
        log.WriteLine("building the hello program …");
        return await DotnetAsync(folder, "publish", "-c", "Release", "-o", output, "--use-current-runtime", "--no-self-contained", "-p:PublishReadyToRun=true")
            ? new HelloProgram(path, "published ready to run")
            : await DotnetAsync(folder, "build", "-c", "Release", "-o", output)
                ? new HelloProgram(path, "built as usual, because it could not be published ready to run")
                : throw new InvalidOperationException($"the hello program in {folder} could not be built");
    }

    private static async Task<bool> DotnetAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await Task.WhenAll(output, error);
        return process.ExitCode == 0;
    }
}
