using System.Text;
using System.Text.Json;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary>How a task ended, with its result in the midst: JSON as it is, anything else in base64 as <c>data</c>.</summary>
internal static class OutcomeJson
{
    public static bool IsJson(Payload? payload) => payload is null || payload.ContentType is "" or ContentType.Json;

    public static string Of(RunResponse outcome)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("id", outcome.Id);
            writer.WriteString("worker", outcome.Worker);
            writer.WriteNumber("attempts", outcome.Attempts);
            if (!IsJson(outcome.Result))
            {
                writer.WriteString("contentType", outcome.Result.ContentType);
                writer.WriteBase64String("data", outcome.Result.Data.Span);
            }
            else if (outcome.Result is { Data.IsEmpty: false } result)
            {
                writer.WritePropertyName("result");
                writer.WriteRawValue(result.Data.Span);
            }
            else
            {
                writer.WriteNull("result");
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
