using System.Text.Json;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What can be run, pool by pool, as its workers say.</summary>
internal static class HttpTaskList
{
    public static async Task WriteAsync(HttpContext context, IEnumerable<HostedPool> pools)
    {
        var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("pools");
            foreach (var hosted in pools)
            {
                Write(writer, hosted);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        context.Response.ContentType = ContentType.Json;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter writer, HostedPool hosted)
    {
        writer.WriteStartObject();
        writer.WriteString("name", hosted.Name);
        writer.WriteStartArray("tasks");
        foreach (var task in hosted.Pool.Described.OrderBy(static task => task.Name, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            writer.WriteString("name", task.Name);
            writer.WriteStartArray("contentTypes");
            foreach (var type in task.ContentTypes)
            {
                writer.WriteStringValue(type);
            }

            writer.WriteEndArray();
            writer.WriteBoolean("yieldsItems", task.YieldsItems);
            writer.WriteBoolean("streaming", task.Streaming);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
