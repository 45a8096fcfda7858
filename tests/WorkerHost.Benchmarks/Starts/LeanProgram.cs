using System.Diagnostics;

namespace WorkerHost.Benchmarks;

/// <summary>
/// A worker as a user would publish one, with the very libraries that this program runs with; told so, the same program is
/// an empty ASP.NET Core application on a Unix socket instead, which nothing of ours is loaded into.
/// </summary>
internal static class LeanProgram
{
    /// <summary>Makes the file that its payload names, and never ends.</summary>
    public const string StuckTask = "stuck";

    private const string SlimKestrel = "--slim-kestrel";
    private const string Listening = "listening";

    private const string Source = $$"""
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Hosting;
        using Microsoft.AspNetCore.Server.Kestrel.Core;
        using Microsoft.Extensions.Logging;

        return args is ["{{SlimKestrel}}", var socket] ? Slim.Run(socket) : Echo.Run(args);

        internal static class Echo
        {
            public static int Run(string[] args)
            {
                var worker = WorkerHost.WorkerApplication.Create(args);
                worker.MapTask("echo", static (data, _, _) => new ValueTask<ReadOnlyMemory<byte>>(data));
                worker.MapTask("{{StuckTask}}", static async (data, _, token) =>
                {
                    File.WriteAllText(System.Text.Encoding.UTF8.GetString(data.Span), "");
                    await Task.Delay(Timeout.Infinite, token);
                    return data;
                });
                return worker.RunAsync().GetAwaiter().GetResult();
            }
        }

        internal static class Slim
        {
            public static int Run(string socket)
            {
                var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
                builder.Logging.ClearProviders();
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
                var app = builder.Build();
                app.StartAsync().GetAwaiter().GetResult();
                Console.WriteLine("{{Listening}}");

                // The one who started it holds its stdin.
                Console.In.ReadToEnd();
                return 0;
            }
        }
        """;

    private static string Items => $"""
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
                <Reference Include="{AppContext.BaseDirectory}*.dll" Exclude="{typeof(LeanProgram).Assembly.Location}" />
            """;

    public static Task<PublishedProgram> MakeAsync(string folder, TextWriter log) => PublishedProgram.MakeAsync(folder, "lean", Items, Source, log);

    /// <summary>The same, compiled ahead of time; null where that cannot be done.</summary>
    public static Task<PublishedProgram?> MakeNativeAsync(string folder, TextWriter log) => PublishedProgram.MakeNativeAsync(folder, "lean-native", Items, Source, log);

    /// <summary>Resident megabytes of the empty application, some time after its start.</summary>
    public static async Task<double> SlimKestrelMemoryAsync(PublishedProgram lean, string folder, IReadOnlyDictionary<string, string> environment, TimeSpan settle)
    {
        var socket = Path.Combine(folder, "slim.sock");
        File.Delete(socket);
        var start = new ProcessStartInfo(lean.Path, [SlimKestrel, socket]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync() != Listening)
        {
            throw new InvalidOperationException("the empty application could not start");
        }

        await Task.Delay(settle);
        var memory = ProcessMemory.ResidentMegabytes(process.Id);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return memory;
    }
}
