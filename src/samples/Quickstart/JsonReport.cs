using System.Text.Encodings.Web;
using System.Text.Json;

namespace WorkerHost.Samples.Quickstart;

/// <summary>A line of JSON per file, then one for the summary.</summary>
internal sealed class JsonReport(QuickstartOptions options) : LineReport(options)
{
    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Add(FileOutcome outcome) => WriteLine(json =>
    {
        json.WriteString("path", outcome.File.Path);
        if (outcome.File.IsEscaped)
        {
            json.WriteBoolean("escaped", true);
        }

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

    public override void End(RunSummary summary)
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
            if (summary.UnreadableFolders > 0)
            {
                json.WriteNumber("unreadable_folders", summary.UnreadableFolders);
            }

            if (summary.Cancelled)
            {
                json.WriteBoolean("cancelled", true);
            }
        });
        Output.Flush();
    }

    private void WriteLine(Action<Utf8JsonWriter> fields)
    {
        using (var json = new Utf8JsonWriter(Output.Line, Format))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        Output.EndLine();
    }
}
