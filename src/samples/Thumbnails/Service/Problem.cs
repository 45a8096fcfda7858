using System.Globalization;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>An answer that is no thumbnail (RFC 9457): what a caller can do about it, and nothing about workers, which are not theirs.</summary>
internal sealed record Problem(int Status, string Type, string Title, string Detail, TimeSpan? RetryAfter = null) : IResult
{
    /// <summary>It cost a worker, and would again.</summary>
    public bool BlamesTheImage => Type is "image-crashed" or "image-took-too-much-memory" or "image-took-too-long";

    public static Problem NoImage { get; } = new(
        StatusCodes.Status400BadRequest, "no-image", "There is no image", "The body of the request is to be the image, as it is.");

    public static Problem BadSize(string size) => new(
        StatusCodes.Status400BadRequest, "bad-size", "That is no size", $"size is '{size}'; allowed is a whole number from 1 to {ThumbnailTask.MaxSize}, the longest side of the thumbnail in pixels.");

    public static Problem TooManyBytes(UploadLimits limits) => new(
        StatusCodes.Status413PayloadTooLarge, "too-many-bytes", "The file is too large", string.Create(CultureInfo.InvariantCulture, $"At most {limits.MaxBytes} bytes are accepted."));

    /// <summary>What Kestrel says of a body that cannot be read to its end.</summary>
    public static Problem OfUpload(BadHttpRequestException e) => new(e.StatusCode, "bad-upload", "The upload did not arrive", e.Message);

    public static Problem TooManyUploads(UploadLimits limits) => Busy($"There are {limits.UploadsAtOnce} uploads already, which is as many as are taken at the same time.", TimeSpan.FromSeconds(2));

    public static Problem NoWorkerWasFree(UploadLimits limits) => Busy($"The upload waited {Seconds(limits.Patience)} for its turn.", TimeSpan.FromSeconds(5));

    /// <summary>Every kind of failure that a pool knows.</summary>
    public static Problem Of(TaskException e, UploadLimits limits) => e.Failure switch
    {
        { Kind: TaskFailureKind.TaskFailed, Error: { } error } => OfHandler(error),
        { Kind: TaskFailureKind.DeadlineExceeded, NeverStarted: false } => new(
            StatusCodes.Status422UnprocessableEntity, "image-took-too-long", "The image took too long", $"Reading this image took longer than {Seconds(limits.TimeLimit)} and was stopped."),
        { Kind: TaskFailureKind.Quarantined, Deaths: [.., var death] } => OfDeath(death),
        { Kind: TaskFailureKind.NoWorkers } => new(
            StatusCodes.Status503ServiceUnavailable, "no-workers", "No thumbnails at the moment", "Nothing that makes thumbnails can be started here. It is tried again and again.", e.Failure.RetryAfter ?? TimeSpan.FromSeconds(10)),
        { Kind: TaskFailureKind.WorkerLost or TaskFailureKind.Rejected or TaskFailureKind.DeadlineExceeded or TaskFailureKind.Cancelled } => Busy(
            "The thumbnail could not be made for reasons that are not the image's.", e.Failure.RetryAfter ?? TimeSpan.FromSeconds(2)),
        _ => Unexpected,
    };

    public Task ExecuteAsync(HttpContext context)
    {
        if (RetryAfter is { } pause)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(pause.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return Results.Problem(Detail, statusCode: Status, title: Title, type: Type).ExecuteAsync(context);
    }

    private static Problem OfHandler(RemoteError error) => error.Type switch
    {
        _ when error.Type == typeof(NotAnImageException).FullName => new(
            StatusCodes.Status415UnsupportedMediaType, "not-an-image", "That is not an image", "The bytes are of no kind of image that is known here; JPEG, PNG, WebP, GIF and BMP are."),
        _ when error.Type == typeof(BrokenImageException).FullName => new(
            StatusCodes.Status422UnprocessableEntity, "broken-image", "The image is broken", $"Its bytes begin like an image, but {error.Message}."),
        _ when error.Type == typeof(TooManyPixelsException).FullName => new(
            StatusCodes.Status422UnprocessableEntity, "too-many-pixels", "The image has too many pixels", $"The image has {error.Message}."),
        _ => Unexpected,
    };

    private static Problem OfDeath(DeathReport death) => death.Cause is DeathCause.Limit or DeathCause.OutOfMemory
        ? new(StatusCodes.Status422UnprocessableEntity, "image-took-too-much-memory", "The image took too much memory", "Reading this image took more memory than one image may have, and was stopped.")
        : new(StatusCodes.Status422UnprocessableEntity, "image-crashed", "The image cannot be read", $"The program that reads images crashed over this one ({death.Exit}). It will not be tried again for now.");

    private static Problem Unexpected { get; } = new(
        StatusCodes.Status500InternalServerError, "unexpected", "That should not happen", "The thumbnail could not be made. The log of the service says why.");

    private static Problem Busy(string why, TimeSpan retryAfter) => new(
        StatusCodes.Status503ServiceUnavailable, "busy", "Come again in a moment", why, retryAfter);

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
