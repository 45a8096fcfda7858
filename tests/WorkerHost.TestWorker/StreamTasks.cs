using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Google.Protobuf.WellKnownTypes;

namespace WorkerHost.TestWorker;

/// <summary>Tasks that yield items, and tasks that tell of their progress.</summary>
internal static partial class StreamTasks
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("count", Count);
        worker.MapTask("count_each", static (int count) => Enumerable.Range(0, count));
        worker.MapTask("count_marking", CountMarking);
        worker.MapTask("fill_marking", FillMarking);
        worker.MapTask("count_then", CountThen);
        worker.MapTask("die_then_count", DieThenCount);
        worker.MapTask("count_all", Endless);
        worker.MapTask("fill_items", FillItems);
        worker.MapTask("split", (ReadOnlyMemory<byte> bytes, TaskContext _, CancellationToken _) => Split(bytes));
        worker.MapTask("count_messages", (Int32Value count, TaskContext _, CancellationToken _) => Messages(count.Value));
        worker.MapTask("count_aot", (int count, TaskContext _, CancellationToken _) => Count(count), StreamJson.Default.Int32, StreamJson.Default.Int32);
        worker.MapTask("unwritable_item", static () => new[] { 1.0, double.NaN }.Select(static x => x));

        worker.MapTask("report", static (int count, TaskContext context) =>
        {
            for (var i = 1; i <= count; i++)
            {
                context.Report(i / (double)count, $"step {i}");
            }

            return count;
        });
        worker.MapTask("report_and_wait", static async (double fraction, string message, string path, TaskContext context, CancellationToken token) =>
        {
            context.Report(fraction, message);
            await UntilThere(path, token);
            return message;
        });
        worker.MapTask("report_first_and_last", static async (int count, string path, TaskContext context, CancellationToken token) =>
        {
            context.Report(0, "first");
            await UntilThere(path, token);
            for (var i = 1; i <= count; i++)
            {
                context.Report(i / (double)count, "last");
            }
        });
        worker.MapTask("report_behind", static (string path, TaskContext context) =>
        {
            context.Report(0.25, "while it runs");
            _ = BehindAsync(path, context);
        });
    }

    private static async IAsyncEnumerable<int> Count(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (i % 100 == 0)
            {
                await Task.Yield();
            }

            yield return i;
        }
    }

    /// <summary>A byte in the file for each item that is asked for; and another file when it is left.</summary>
    private static IEnumerable<int> CountMarking(int count, string path)
    {
        using var marks = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        try
        {
            for (var i = 0; i < count; i++)
            {
                marks.WriteByte(1);
                yield return i;
            }
        }
        finally
        {
            File.WriteAllText($"{path}.left", "");
        }
    }

    private static IEnumerable<byte[]> FillMarking(int count, int size, string path) => CountMarking(count, path).Select(_ => new byte[size]);

    /// <summary>Dies before its first item at its first try.</summary>
    private static IEnumerable<int> DieThenCount(string path, int count)
    {
        if (!File.Exists(path))
        {
            File.WriteAllText(path, "");
            DyingTasks.Signal(DyingTasks.SIGKILL);
        }

        for (var i = 0; i < count; i++)
        {
            yield return i;
        }
    }

    /// <summary>So many items, and then something else: "throw", "throw_retryable", "kill", or it waits for the file of that path and yields one more.</summary>
    private static async IAsyncEnumerable<int> CountThen(int count, string what, [EnumeratorCancellation] CancellationToken token)
    {
        for (var i = 0; i < count; i++)
        {
            yield return i;
        }

        switch (what)
        {
            case "throw":
                throw new InvalidOperationException("told to, midway");
            case "throw_retryable":
                throw new RetryableTaskException("try again");
            case "kill":
                DyingTasks.Signal(DyingTasks.SIGKILL);
                break;
            default:
                await UntilThere(what, token);
                yield return count;
                break;
        }
    }

    private static IEnumerable<int> Endless()
    {
        for (var i = 0; ; i++)
        {
            yield return i;
        }
    }

    private static IEnumerable<byte[]> FillItems(int count, int size)
    {
        var buffer = new byte[size];
        for (var i = 0; i < count; i++)
        {
            // The same memory for each.
            Array.Fill(buffer, (byte)i);
            yield return buffer;
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            await Task.Yield();
            yield return bytes.Slice(i, 1);
        }
    }

    private static async IAsyncEnumerable<Int32Value> Messages(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return new Int32Value { Value = i };
        }
    }

    private static async Task BehindAsync(string path, TaskContext context)
    {
        await UntilThere(path, CancellationToken.None);
        context.Report(0.75, "behind its end");
        File.Delete(path);
    }

    private static async Task UntilThere(string path, CancellationToken token)
    {
        while (!File.Exists(path))
        {
            await Task.Delay(1, token);
        }
    }

    [JsonSerializable(typeof(int))]
    private sealed partial class StreamJson : JsonSerializerContext;
}
