using System.Globalization;
using System.Text;

namespace WorkerHost.Sidecar.Commands.Mapping;

/// <summary>
/// How far a map is, in words and as a bar. How much is left is told by the bytes of the input, where they are known: nobody has counted its
/// lines. Thread-safe.
/// </summary>
/// <param name="totalBytes">Of the input; null: it is not known how much comes.</param>
/// <param name="time">The clock.</param>
internal sealed class MapProgress(long? totalBytes, TimeProvider time)
{
    private static readonly TimeSpan RateOver = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly long began = time.GetTimestamp();
    private readonly Queue<(long At, long Done, long Bytes)> past = new([(time.GetTimestamp(), 0, 0)]);
    private long read;
    private long done;
    private long failed;
    private long doneBytes;

    /// <summary>One line was read.</summary>
    public void Read() => Interlocked.Increment(ref read);

    /// <summary>One outcome was written.</summary>
    /// <param name="endsAt">How many bytes of the input end with its line.</param>
    /// <param name="isFailure">It is none of a task that succeeded.</param>
    public void Done(long endsAt, bool isFailure)
    {
        lock (gate)
        {
            done++;
            failed += isFailure ? 1 : 0;
            doneBytes = Math.Max(doneBytes, endsAt);
        }
    }

    /// <summary>Outcomes written, failures among them.</summary>
    public (long Read, long Done, long Failed) Counts
    {
        get
        {
            lock (gate)
            {
                return (Interlocked.Read(ref read), done, failed);
            }
        }
    }

    /// <summary>The line for a terminal of that width, as it is now; called a few times a second.</summary>
    public string Bar(int width)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            past.Enqueue((now, done, doneBytes));
            while (past.Count > 2 && time.GetElapsedTime(past.Peek().At, now) > RateOver)
            {
                past.Dequeue();
            }

            var (since, doneThen, bytesThen) = past.Peek();
            var span = time.GetElapsedTime(since, now).TotalSeconds;
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"{done} done");
            if (failed > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $", {failed} failed");
            }

            if (span > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {Rate((done - doneThen) / span)}");
            }

            if (totalBytes is not { } total || total == 0)
            {
                return text.Append(CultureInfo.InvariantCulture, $"  {Clock(time.GetElapsedTime(began, now))}").ToString();
            }

            var fraction = Math.Min(1, (double)doneBytes / total);
            if (span > 0 && doneBytes > bytesThen)
            {
                text.Append(CultureInfo.InvariantCulture, $"  ETA {Clock(TimeSpan.FromSeconds(Math.Ceiling(Math.Min((total - doneBytes) * span / (doneBytes - bytesThen), 359_999))))}");
            }

            var head = string.Create(CultureInfo.InvariantCulture, $" {fraction,4:0 %}  {text}");
            var room = Math.Clamp(width - head.Length, 0, 40);
            var full = (int)(fraction * room);
            return $"{new string('█', full)}{new string('░', room - full)}{head}";
        }
    }

    /// <summary>The whole in one sentence, at the end.</summary>
    public string Summary()
    {
        var (_, all, bad) = Counts;
        var span = time.GetElapsedTime(began);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{all} done{(bad > 0 ? $", {bad} of them failed" : "")}, in {DurationText.Of(span)}{(span.TotalSeconds > 0 ? $" ({Rate(all / span.TotalSeconds)})" : "")}");
    }

    private static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond.ToString(perSecond < 10 ? "0.0" : "0", CultureInfo.InvariantCulture)}/s");

    private static string Clock(TimeSpan span) => span.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{span.Minutes}:{span.Seconds:00}");
}
