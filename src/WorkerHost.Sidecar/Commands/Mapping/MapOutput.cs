using System.Text.Json;
using WorkerHost.Client;

namespace WorkerHost.Sidecar.Commands.Mapping;

/// <summary>Writes outcomes, each on a line. One writer.</summary>
/// <param name="output">Where to.</param>
/// <param name="task">The name of what is run.</param>
/// <param name="whole">With its index around each; else a result stands alone, and failures only have one.</param>
internal sealed class MapOutput(Stream output, string task, bool whole)
{
    private const int FlushAt = 64 * 1024;

    private readonly MemoryStream buffer = new();

    public bool IsEmpty => buffer.Length == 0;

    public bool IsFull => buffer.Length >= FlushAt;

    public void Add(in MapOutcome outcome)
    {
        if (outcome.Failure is null && !whole)
        {
            WriteResult(outcome.Result);
        }
        else
        {
            using var line = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
            line.WriteStartObject();
            line.WriteNumber("index", outcome.Line.Index);
            if (outcome.Failure is { } failure)
            {
                line.WriteNumber("line", outcome.Line.Line);
                line.WritePropertyName("error");
                line.WriteRawValue(ContractJson.Line(FailureMessage.Of(failure, outcome.TaskId, task)), skipInputValidation: true);
            }
            else
            {
                line.WritePropertyName("result");
                line.Flush();
                WriteResult(outcome.Result);
            }

            line.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        var all = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        buffer.SetLength(0);
        await output.WriteAsync(all, cancellationToken).ConfigureAwait(false);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private void WriteResult(in RawResult result)
    {
        if (result.ContentType is not ("" or ContentType.Json))
        {
            buffer.Write(JsonSerializer.SerializeToUtf8Bytes(Convert.ToBase64String(result.Data.Span)));
        }
        else if (result.Data.IsEmpty)
        {
            buffer.Write("null"u8);
        }
        else if (result.Data.Span.Contains((byte)'\n'))
        {
            // Somebody's JSON on several lines: here a line is a result.
            using var json = JsonDocument.Parse(result.Data);
            using var line = new Utf8JsonWriter(buffer);
            json.WriteTo(line);
        }
        else
        {
            buffer.Write(result.Data.Span);
        }
    }
}
