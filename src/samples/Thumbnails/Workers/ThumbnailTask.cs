using System.Globalization;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>What service and worker have to agree on: the task's name, and the size in a header beside the bytes.</summary>
internal static class ThumbnailTask
{
    public const string Name = "thumbnail";

    private const string Size = "size";

    /// <summary>The longest side that can be asked for, in pixels.</summary>
    public const int MaxSize = 1024;

    /// <summary>For the service.</summary>
    public static TaskOptions Options(int size, TimeSpan timeLimit) => new()
    {
        TimeLimit = timeLimit,

        // A thumbnail may be made twice: whoever only shared the bad luck of a worker, killed from outside for instance, is served by another.
        Idempotent = true,
        Headers = new Dictionary<string, string> { [Size] = size.ToString(CultureInfo.InvariantCulture) },
    };

    /// <summary>In the worker.</summary>
    public static ReadOnlyMemory<byte> Run(ReadOnlyMemory<byte> image, TaskContext task, bool hostile)
    {
        if (hostile)
        {
            DecoderBug.StrikeIfMarked(image.Span);
        }

        return Thumbnailer.Make(image, int.Parse(task.Headers[Size], CultureInfo.InvariantCulture));
    }
}
