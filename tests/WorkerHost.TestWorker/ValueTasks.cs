using System.Text.Json.Serialization;
using Google.Protobuf.WellKnownTypes;

namespace WorkerHost.TestWorker;

/// <summary>What a task may take and return.</summary>
internal static partial class ValueTasks
{
    public static void Map(WorkerApplication worker)
    {
        // Bytes in, the same bytes out.
        worker.MapTask("echo", static (ReadOnlyMemory<byte> bytes, TaskContext _, CancellationToken _) => new ValueTask<ReadOnlyMemory<byte>>(bytes));
        worker.MapTask("nothing", static () => { });
        worker.MapTask("add", static (int a, int b) => a + b);
        worker.MapTask("add_async", static async (int a, int b) =>
        {
            await Task.Yield();
            return a + b;
        });
        worker.MapTask("increment", static (int value) => value + 1);

        // In a variable: only reflection finds what it is.
        Delegate divide = static (int dividend, int divisor) => dividend / divisor;
        worker.MapTask("divide_by_reflection", divide);
        worker.MapTask("upper", static (string text) => text.ToUpperInvariant());
        worker.MapTask("greet", static (string name, string greeting = "Hello") => $"{greeting}, {name}");
        worker.MapTask("sum", static (int[] values) => values.Sum());
        worker.MapTask("reverse", static (byte[] bytes) => bytes.Reverse().ToArray());
        worker.MapTask("fill", static (int size) => new byte[size]);
        worker.MapTask("fill_and_touch", static (int size, string path) =>
        {
            var bytes = new byte[size];
            File.WriteAllText(path, "");
            return bytes;
        });
        worker.MapTask("move", static (Point from, TaskContext _, double dx, double dy, CancellationToken _) => new Point(from.X + dx, from.Y + dy));
        worker.MapTask("turn", static ((int Number, string Text) pair) => (pair.Text, pair.Number));
        worker.MapTask("value_task", static (int value) => new ValueTask<int>(value * 2));
        worker.MapTask("double_aot", static (int value, TaskContext _, CancellationToken _) => new ValueTask<int>(value * 2), ValueJson.Default.Int32, ValueJson.Default.Int32);
        worker.MapTask("increment_message", static (Int32Value value, TaskContext _, CancellationToken _) => new ValueTask<Int32Value>(new Int32Value { Value = value.Value + 1 }));
        worker.MapTask("decrement_message", static (Int32Value value) => new Int32Value { Value = value.Value - 1 });
        worker.MapTask("return_exception", static (string message) => new Failure(nameof(InvalidOperationException), message));

        worker.MapTask("pid", static () => Environment.ProcessId);
        worker.MapTask("worker", static (TaskContext context) => new Facts(
            context.Id,
            context.Task,
            context.Attempt,
            context.TimeRemaining?.TotalMilliseconds,
            new Dictionary<string, string>(context.Headers),
            context.Worker.ToString(),
            Environment.ProcessId,
            Thread.CurrentThread.Name));
        worker.MapTask("argument_list", () => worker.Arguments);
        worker.MapTask("read_stdin", static () => Console.In.ReadToEnd());
        worker.MapTask("environment", static (string name) => Environment.GetEnvironmentVariable(name));
    }

    internal sealed record Point(double X, double Y);

    internal sealed record Failure(string Type, string Message);

    internal sealed record Facts(
        string Id,
        string Task,
        int Attempt,
        double? TimeRemainingMs,
        Dictionary<string, string> Headers,
        string Worker,
        int Pid,
        string? Thread);

    [JsonSerializable(typeof(int))]
    private sealed partial class ValueJson : JsonSerializerContext;
}
