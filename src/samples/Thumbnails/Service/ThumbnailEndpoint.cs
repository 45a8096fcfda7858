using System.Globalization;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>POST /thumbnails: from the upload to the answer. It never looks into an image itself.</summary>
internal sealed class ThumbnailEndpoint(
    [FromKeyedServices("thumbnails")] WorkerPool pool, HostileImages hostile, UploadLimits limits, ILogger<ThumbnailEndpoint> log)
{
    private const int DefaultSize = 128;

    public async Task<IResult> PostAsync(HttpRequest upload, string? sizeText, CancellationToken clientIsGone)
    {
        var size = DefaultSize;
        if (sizeText is not null && !(int.TryParse(sizeText, CultureInfo.InvariantCulture, out size) && size is >= 1 and <= ThumbnailTask.MaxSize))
        {
            return Problem.BadSize(sizeText);
        }

        try
        {
            return await ReadAsync(upload, clientIsGone) switch
            {
                null => Problem.TooManyBytes(limits),
                { IsEmpty: true } => Problem.NoImage,
                { } image => hostile.Find(image.Span) ?? await MakeAsync(image, size, clientIsGone),
            };
        }
        catch (BadHttpRequestException e)
        {
            return Problem.OfUpload(e);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && clientIsGone.IsCancellationRequested))
        {
            // The connection has ended: nobody reads an answer, and Kestrel need not look for the rest of the body.
            upload.HttpContext.Abort();
            return Results.Empty;
        }
    }

    private async Task<IResult> MakeAsync(ReadOnlyMemory<byte> image, int size, CancellationToken clientIsGone)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(clientIsGone);
        giveUp.CancelAfter(limits.Patience);
        try
        {
            // The pool has no queue (QueueCapacity 0): here an upload waits for a free worker, and its time limit begins when it has one.
            // So an image that hangs takes no time from those that wait.
            var future = await pool.SubmitBytesAsync(ThumbnailTask.Name, image, ThumbnailTask.Options(size, limits.TimeLimit), giveUp.Token);
            giveUp.CancelAfter(Timeout.InfiniteTimeSpan);
            var thumbnail = await future;
            return Results.Bytes(thumbnail, thumbnail.Span[0] == 0xFF ? "image/jpeg" : "image/png");
        }
        catch (TaskException e)
        {
            var problem = Problem.Of(e, limits);
            if (problem.BlamesTheImage)
            {
                hostile.Remember(image.Span, problem);
                log.LogWarning("An image of {Bytes} bytes, task {Task}, cost a worker and is refused for {Time}: {Problem}", image.Length, e.TaskId, limits.RefuseHostileFor, problem.Type);
            }
            else if (problem.Status == StatusCodes.Status500InternalServerError)
            {
                log.LogError(e, "A thumbnail could not be made");
            }

            return problem;
        }
        catch (OperationCanceledException) when (!clientIsGone.IsCancellationRequested)
        {
            return Problem.NoWorkerWasFree(limits);
        }
    }

    /// <summary>The body in one piece of memory, which goes to the worker as it is; null: it is too large.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest upload, CancellationToken cancellationToken)
    {
        if (upload.ContentLength > limits.MaxBytes)
        {
            return null;
        }

        if (upload.ContentLength is { } length)
        {
            var whole = GC.AllocateUninitializedArray<byte>((int)length);
            await upload.Body.ReadExactlyAsync(whole, cancellationToken);
            return whole;
        }

        using var parts = new MemoryStream();
        var part = new byte[64 * 1024];
        while (parts.Length <= limits.MaxBytes)
        {
            var read = await upload.Body.ReadAsync(part, cancellationToken);
            if (read == 0)
            {
                return parts.GetBuffer().AsMemory(0, (int)parts.Length);
            }

            parts.Write(part, 0, read);
        }

        return null;
    }
}
