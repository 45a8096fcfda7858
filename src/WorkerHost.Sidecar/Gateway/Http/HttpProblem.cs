using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>Why there is no result, as RFC 9457 has it.</summary>
/// <param name="Kind">What kind of problem.</param>
/// <param name="Detail">For people.</param>
/// <param name="Failure">Everything known of a task that failed; null: there was none.</param>
internal sealed record HttpProblem(ProblemKind Kind, string Detail, V1.TaskFailure? Failure = null)
{
    // Read by people, in terminals and logs; never put into a page as it is.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);

    public static HttpProblem Unauthorized(string demand) => new(ProblemKind.Unauthorized, demand);

    /// <param name="failure">Of a task.</param>
    /// <param name="draining">The host is leaving, which another one may not be.</param>
    public static HttpProblem Of(V1.TaskFailure failure, bool draining) => new(ProblemKind.Of((TaskFailureKind)failure.Kind, draining), failure.Message, failure);

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }

        response.StatusCode = Kind.Status;
        response.ContentType = "application/problem+json";
        if (Kind.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (Kind.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            // Whole seconds are all that HTTP has; how long it really is stands in the failure.
            var seconds = Math.Ceiling(Failure?.RetryAfter?.ToTimeSpan().TotalSeconds ?? 1);
            response.Headers.RetryAfter = Math.Clamp(seconds, 1, 3600).ToString(CultureInfo.InvariantCulture);
        }

        var body = Json();
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private byte[] Json()
    {
        var (status, word) = Kind;
        var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString("type", $"urn:workerhost:{word}");
            writer.WriteString("title", string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(word[0])}{word[1..].Replace('-', ' ')}"));
            writer.WriteNumber("status", status);
            writer.WriteString("detail", Detail);
            if (Failure is not null)
            {
                writer.WritePropertyName("failure");
                writer.WriteRawValue(Formatter.Format(Failure));
            }

            writer.WriteEndObject();
        }

        return body.ToArray();
    }
}

/// <summary>A request that ends with a problem.</summary>
internal sealed class HttpProblemException(HttpProblem problem) : Exception(problem.Detail)
{
    public HttpProblem Problem => problem;
}
