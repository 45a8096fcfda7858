using System.Text.Json;

namespace WorkerHost.ConformanceWorker;

/// <summary>What goes well.</summary>
internal static class PlainTasks
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("echo", static (JsonElement value) => value);
        worker.MapTask("unicode-ñ-测试-🎈", static (JsonElement value) => value);
        worker.MapTask("add", static (long a, long b) => a + b);
        worker.MapTask("echo-bytes", static (ReadOnlyMemory<byte> bytes, TaskContext _, CancellationToken _) => new ValueTask<ReadOnlyMemory<byte>>(bytes));
        worker.MapTask("large", static (int count) => new string('x', count));
        worker.MapTask("info", static (TaskContext context, string path = "") =>
        {
            RunsFile.Began(path, context.Attempt);
            return new Info(context.Id, context.Attempt, Environment.ProcessId, context.Headers);
        });
        worker.MapTask("record", static (string path, TaskContext context) =>
        {
            RunsFile.Began(path, context.Attempt);
            return RunsFile.Lines(path);
        });
    }

    internal sealed record Info(string Id, int Attempt, int Pid, IReadOnlyDictionary<string, string> Headers);
}
