using System.Text;

namespace WorkerHost.TestWorker;

/// <summary>What workers say on stdout and stderr, and how much of it.</summary>
internal static class OutputTasks
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("stdout", static (string text, int repeat = 1) => Repeat(Console.OpenStandardOutput(), text, repeat));
        worker.MapTask("stderr", static (string text, int repeat = 1) => Repeat(Console.OpenStandardError(), text, repeat));
        worker.MapTask("garbage", static () => Garbage(Console.OpenStandardOutput()));
    }

    /// <summary>Bytes that are no text, zeros, an escape sequence, and a megabyte without a line's end.</summary>
    public static void Garbage(Stream output)
    {
        output.Write([0xFF, 0xFE, 0x00, 0xC3, 0x28, 0x1B, (byte)'[', (byte)'2', (byte)'J', (byte)'\n']);
        var endless = new byte[1024 * 1024];
        Array.Fill(endless, (byte)'x');
        output.Write(endless);
        output.Write(new byte[4096]);
        output.WriteByte((byte)'\n');
        output.Flush();
    }

    private static long Repeat(Stream output, string text, int repeat)
    {
        var line = Encoding.UTF8.GetBytes(text + "\n");
        for (var i = 0; i < repeat; i++)
        {
            output.Write(line);
        }

        output.Flush();
        return (long)line.Length * repeat;
    }
}
