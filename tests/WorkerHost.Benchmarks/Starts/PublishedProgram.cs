using System.Diagnostics;

namespace WorkerHost.Benchmarks;

/// <summary>
/// A program that is made for the run. Published ready to run where the compiler for that can be had, else built as usual;
/// which of them stands in the description. Or published native, where that can be done.
/// </summary>
internal sealed record PublishedProgram(string Path, string Description)
{
    /// <param name="folder">Where it may put everything; must exist.</param>
    /// <param name="name">Of the program.</param>
    /// <param name="items">What stands in its project besides the usual.</param>
    /// <param name="source">Its code.</param>
    /// <param name="log">Where to say that this takes a while.</param>
    public static async Task<PublishedProgram> MakeAsync(string folder, string name, string items, string source, TextWriter log)
    {
        folder = Write(folder, name, items, source);
        var output = System.IO.Path.Combine(folder, "out");
        var path = System.IO.Path.Combine(output, name);
        log.WriteLine($"building the {name} program …");
        if (await DotnetAsync(folder, "publish", "-c", "Release", "-o", output, "--use-current-runtime", "--no-self-contained", "-p:PublishReadyToRun=true") is null)
        {
            return new PublishedProgram(path, "published ready to run");
        }

        return await DotnetAsync(folder, "build", "-c", "Release", "-o", output) is { } problem
            ? throw new InvalidOperationException($"the {name} program in {folder} could not be built: {problem}")
            : new PublishedProgram(path, "built as usual, because it could not be published ready to run");
    }

    /// <summary>Null: it could not be made, and the log says why.</summary>
    /// <inheritdoc cref="MakeAsync"/>
    public static async Task<PublishedProgram?> MakeNativeAsync(string folder, string name, string items, string source, TextWriter log)
    {
        folder = Write(folder, name, items, source);
        var output = System.IO.Path.Combine(folder, "out");
        log.WriteLine($"publishing the {name} program native, which takes a minute …");
        if (await DotnetAsync(folder, "publish", "-c", "Release", "-o", output, "-p:PublishAot=true") is { } problem)
        {
            log.WriteLine($"it could not be published native, so nothing of it is measured (clang and zlib1g-dev are needed): {problem}");
            return null;
        }

        return new PublishedProgram(System.IO.Path.Combine(output, name), "published native");
    }

    private static string Write(string folder, string name, string items, string source)
    {
        folder = Directory.CreateDirectory(System.IO.Path.Combine(folder, name)).FullName;
        File.WriteAllText(System.IO.Path.Combine(folder, $"{name}.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <UseSharedCompilation>false</UseSharedCompilation>
              </PropertyGroup>
              <ItemGroup>
            {items}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(System.IO.Path.Combine(folder, "Program.cs"), source);
        return folder;
    }

    /// <summary>Null when it succeeded, else what it said.</summary>
    private static async Task<string?> DotnetAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        var said = await output + await error;
        return process.ExitCode == 0 ? null : said;
    }
}
