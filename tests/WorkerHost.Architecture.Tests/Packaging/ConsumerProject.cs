namespace WorkerHost.Architecture.Tests;

/// <summary>
/// A console project outside the tree, as a new user would make it: one package from the local feed beside whatever
/// sources the machine has, and a program that is its own worker; and the package for its tests.
/// </summary>
internal static class ConsumerProject
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <EmitCompilerGeneratedFiles>true</EmitCompilerGeneratedFiles>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="WorkerHost" Version="{version}" />
            <PackageReference Include="WorkerHost.Testing" Version="{version}" />
          </ItemGroup>
        </Project>
        """;

    private const string Program = """
        using WorkerHost;
        using WorkerHost.Testing;

        if (WorkerApplication.IsWorker)
        {
            var worker = WorkerApplication.Create(args);
            worker.MapTask("add", (int a, int b) => a + b);
            worker.MapTask("pid", () => Environment.ProcessId);
            return await worker.RunAsync();
        }

        await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self());
        Console.WriteLine($"sum {await pool.Submit<int>("add", [20, 22])}");
        Console.WriteLine($"elsewhere {await pool.Submit<int>("pid", []) != Environment.ProcessId}");
        await using var test = await TestPool.StartAsync(worker => worker.MapTask("add", (int a, int b) => a + b));
        Console.WriteLine($"pretended {await test.Pool.Submit<int>("add", [20, 22])}");
        return 0;
        """;

    // The sources of the machine stay: this one is added to them. The packages of the machine serve as a fallback, so
    // that nothing is copied twice and what is packed here never gets into the machine's own folder.
    private const string NuGetConfig = """
        <configuration>
          <packageSources>
            <add key="feed-of-the-test" value="{feed}" />
          </packageSources>
          <config>
            <add key="globalPackagesFolder" value="{packages}" />
          </config>
          <fallbackPackageFolders>
            <add key="machine" value="{machine}" />
          </fallbackPackageFolders>
        </configuration>
        """;

    public static void Write(string folder, string feed, string version, string machinePackages)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "Consumer.csproj"), Project.Replace("{version}", version, StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Program);
        File.WriteAllText(Path.Combine(folder, "NuGet.config"), NuGetConfig
            .Replace("{feed}", feed, StringComparison.Ordinal)
            .Replace("{packages}", Path.Combine(folder, "packages"), StringComparison.Ordinal)
            .Replace("{machine}", machinePackages, StringComparison.Ordinal));
    }
}
