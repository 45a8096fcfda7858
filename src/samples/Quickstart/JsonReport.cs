using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace WorkerHost.Samples.Quickstart;

/// <summary>A line of JSON per file, then one for the summary. Notes go to stderr.</summary>
internal sealed class JsonReport(Stream output, TextWriter notes) : IFileReport
{
    // Lines are written together, but none is held back for long while others come.
    private const int FlushBytes = 32 * 1024;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(100);

    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> text = new(FlushBytes * 2);
    private long flushed;

    public void Note(string text) => notes.WriteLine(text);

    public void Begin(QuickstartOptions options)
    {
    }

    public void Add(FileOutcome outcome, long deaths)
    {
        WriteLine(json =>
        {
            json.WriteString("path", outcome.Path);
            if (outcome.Facts is { } facts)
            {
                json.WriteString("sha256", facts.Sha256);
                json.WriteNumber("size", facts.Size);
                json.WriteNumber("lines", facts.Lines);
                json.WriteNumber("attempts", outcome.Attempts);
                json.WriteString("worker", outcome.Worker.ToString());
                json.WriteNumber("pid", outcome.Pid);
            }
            else
            {
                json.WriteStartObject("error");
                json.WriteString("kind", outcome.Problem?.Kind);
                json.WriteString("message", outcome.Problem?.Message);
                json.WriteEndObject();
            }
        });
        if (text.WrittenCount >= FlushBytes || flushed == 0 || TimeProvider.System.GetElapsedTime(flushed) >= FlushInterval)
        {
            Flush();
        }
    }

    public void End(RunSummary summary)
    {
        WriteLine(json =>
        {
            json.WriteBoolean("summary", true);
            json.WriteNumber("files", summary.Files);
            json.WriteNumber("failed", summary.Failed);
            json.WriteNumber("bytes", summary.Bytes);
            json.WriteNumber("workers", summary.Workers);
            json.WriteNumber("deaths", summary.Deaths);
            json.WriteNumber("seconds", Math.Round(summary.Seconds, 3));
        });
        Flush();
    }

    private void WriteLine(Action<Utf8JsonWriter> fields)
    {
        using (var json = new Utf8JsonWriter(text, Format))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        text.Write("\n"u8);
    }

    private void Flush()
    {
        output.Write(text.WrittenSpan);
        output.Flush();
        text.ResetWrittenCount();
        flushed = TimeProvider.System.GetTimestamp();
    }
}
