using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>Why there is no result, as RFC 9457 has it.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Kind">The same word for the same problem: the end of its <c>type</c>.</param>
/// <param name="Detail">For people.</param>
/// <param name="Failure">Everything known of a task that failed; null: there was none.</param>
internal sealed record HttpProblem(int Status, string Kind, string Detail, V1.TaskFailure? Failure)
{
    // nginx's, and the field's word, for a request that its client has given up.
    private const int ClientClosedRequest = 499;

    // Read by people, in terminals and logs; never put into a page as it is.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);

    public static HttpProblem Of(int status, string kind, string detail) => new(status, kind, detail, null);

    public static HttpProblem Unauthorized(string demand) => Of(StatusCodes.Status401Unauthorized, "unauthorized", demand);

    /// <param name="failure">Of a task.</param>
    /// <param name="draining">The host is leaving, which another one may not be.</param>
    public static HttpProblem Of(V1.TaskFailure failure, bool draining)
    {
        var (status, kind) = (TaskFailureKind)failure.Kind switch
        {
            TaskFailureKind.TaskFailed => (StatusCodes.Status500InternalServerError, "task-failed"),
            TaskFailureKind.UnknownTask => (StatusCodes.Status404NotFound, "unknown-task"),
            TaskFailureKind.BadInput => (StatusCodes.Status400BadRequest, "bad-input"),
            TaskFailureKind.Cancelled => (ClientClosedRequest, "cancelled"),
            TaskFailureKind.DeadlineExceeded => (StatusCodes.Status504GatewayTimeout, "deadline-exceeded"),
            TaskFailureKind.Rejected => (draining ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status429TooManyRequests, "rejected"),
            TaskFailureKind.NoWorkers => (StatusCodes.Status503ServiceUnavailable, "no-workers"),
            TaskFailureKind.WorkerLost => (StatusCodes.Status502BadGateway, "worker-lost"),
            TaskFailureKind.Quarantined => (StatusCodes.Status422UnprocessableEntity, "quarantined"),
            _ => throw new ArgumentOutOfRangeException(nameof(failure), failure.Kind, "no status stands for this kind"),
        };
        return new HttpProblem(status, kind, failure.Message, failure);
    }

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }

        response.StatusCode = Status;
        response.ContentType = "application/problem+json";
        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
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
        var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body, Readable))
        {
            writer.WriteStartObject();
            writer.WriteString("type", $"urn:workerhost:{Kind}");
            writer.WriteString("title", string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(Kind[0])}{Kind[1..].Replace('-', ' ')}"));
            writer.WriteNumber("status", Status);
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
