using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using WorkerHost;
using WorkerHost.Tests.Protos;

if (args is ["--host"])
{
    return await NativeHost.RunAsync();
}

var worker = WorkerApplication.Create(args);
worker.AddJson(NativeJson.Default);
worker.MapTask("echo", static (bytes, _, _) => new ValueTask<ReadOnlyMemory<byte>>(bytes));
worker.MapTask("greet", static (string name, string greeting = "Hello") => $"{greeting}, {name}");
worker.MapTask("move", static (Place from, double dx, double dy) => new Place(from.X + dx, from.Y + dy));
worker.MapTask("step", static (Place from) => new Place(from.X + 1, from.Y));
worker.MapTask("wait_for_file", FileTasks.WaitFor);
worker.MapTask("note", static (ILogger<Place> log, string text) => Notes.Noted(log, text));
worker.MapTasks(typeof(Shapes));
worker.MapGrpcService<ProbeService>();
if (args.Contains("--undeclared"))
{
    worker.MapTask("undeclared", static (Undeclared value) => value.Number);
}

return await worker.RunAsync();

internal sealed record Place(double X, double Y);

/// <summary>Nothing says how it travels.</summary>
internal sealed record Undeclared(int Number);

internal static class FileTasks
{
    /// <summary>Says that it runs by making the first file, then waits for the second.</summary>
    public static async Task<int> WaitFor(string here, string there, CancellationToken token)
    {
        await File.WriteAllTextAsync(here, "", token);
        while (!File.Exists(there))
        {
            await Task.Delay(1, token);
        }

        return Environment.ProcessId;
    }
}

internal static partial class Notes
{
    [LoggerMessage(1, LogLevel.Warning, "noted: {Text}")]
    public static partial void Noted(ILogger logger, string text);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Place))]
[JsonSerializable(typeof(Shapes.Point))]
internal sealed partial class NativeJson : JsonSerializerContext;
