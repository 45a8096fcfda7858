using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Net.Http.Headers;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>The body of a request as the payload of a task.</summary>
internal static class HttpBody
{
    private static readonly string[] Taken = [ContentType.Json, ContentType.Bytes, ContentType.Protobuf];

    /// <summary>Kestrel's own default, which is off for sessions.</summary>
    public static MinDataRate SlowestBody { get; } = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>One that tasks know; where nothing is said, JSON.</summary>
    /// <exception cref="HttpProblemException">Another one.</exception>
    public static string ContentTypeOf(HttpRequest request)
    {
        if (string.IsNullOrEmpty(request.ContentType))
        {
            return ContentType.Json;
        }

        var said = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed.MediaType.ToString() : request.ContentType;
        return Taken.FirstOrDefault(type => type.Equals(said, StringComparison.OrdinalIgnoreCase))
            ?? throw new HttpProblemException(new HttpProblem(
                ProblemKind.ContentType, $"the body is {Worker.BoundedText.Cut(said, 100)}; allowed: {string.Join(", ", Taken)}"));
    }

    /// <exception cref="HttpProblemException">The body is compressed, or otherwise not what it is.</exception>
    public static void DemandPlain(HttpRequest request)
    {
        if (request.Headers.ContentEncoding is { Count: > 0 } encodings && !encodings.All(static e => string.Equals(e, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw new HttpProblemException(new HttpProblem(
                ProblemKind.ContentEncoding, $"the body is encoded as {Worker.BoundedText.Cut(encodings.ToString(), 100)}; allowed: none (identity), it is taken as it comes"));
        }
    }

    /// <summary>All of it; Kestrel counts. A large one when there is room for it; one of which nobody knows how long it is may be as long as one may be.</summary>
    public static async Task<byte[]> ReadAsync(HttpRequest request, int maxBytes, BufferBudget budget, CancellationToken cancellationToken)
    {
        var bytes = Math.Min(request.ContentLength ?? maxBytes, maxBytes);
        if (bytes <= BufferBudget.Uncounted)
        {
            return await ReadAsync(request, cancellationToken).ConfigureAwait(false);
        }

        var holder = budget.Behind(request.HttpContext);
        await budget.TakeAsync(holder, bytes, cancellationToken).ConfigureAwait(false);
        try
        {
            return await ReadAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            budget.Give(holder, bytes);
        }
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength is { } length and <= int.MaxValue)
        {
            // Not before it has come: what is announced costs nobody anything.
            using var growing = new MemoryStream((int)Math.Min(length, 64 * 1024));
            await request.Body.CopyToAsync(growing, cancellationToken).ConfigureAwait(false);
            return growing.ToArray();
        }

        using var whole = new MemoryStream();
        await request.Body.CopyToAsync(whole, cancellationToken).ConfigureAwait(false);
        return whole.ToArray();
    }

    /// <summary>An array is the arguments; any other value is the only one; nothing is none.</summary>
    /// <exception cref="HttpProblemException">It is no JSON.</exception>
    public static byte[] AsArguments(byte[] body)
    {
        if (body.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            return "[]"u8.ToArray();
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            reader.Read();
            var isArray = reader.TokenType == JsonTokenType.StartArray;
            reader.Skip();
            reader.Read();
            return isArray ? body : [(byte)'[', .. body, (byte)']'];
        }
        catch (JsonException e)
        {
            throw new HttpProblemException(new HttpProblem(ProblemKind.NotJson, $"the body is no JSON: {e.Message}"));
        }
    }
}
