using Google.Protobuf;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>Makes a failure fit where it has to pass: by halving its texts until it does, and without what only its own language reads where that is large.</summary>
internal static class FailureSize
{
    public static void Shrink(TaskFailure failure, int maxBytes)
    {
        if (failure.Error is { } native && native.Data.Length > maxBytes / 2)
        {
            (native.ContentType, native.Data) = ("", ByteString.Empty);
        }

        for (var budget = maxBytes / 2; budget >= 64 && failure.CalculateSize() > maxBytes; budget /= 2)
        {
            failure.Message = BoundedText.Cut(failure.Message, budget);
            failure.TaskId = BoundedText.Cut(failure.TaskId, budget);
            failure.Task = BoundedText.Cut(failure.Task, budget);
            for (var error = failure.Error; error is not null; error = error.Cause)
            {
                error.Type = BoundedText.Cut(error.Type, budget);
                error.Message = BoundedText.Cut(error.Message, budget);
                error.StackTrace = BoundedText.Cut(error.StackTrace, budget);
            }
        }
    }
}
