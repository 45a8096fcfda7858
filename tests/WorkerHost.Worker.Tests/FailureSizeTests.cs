using Google.Protobuf;

namespace WorkerHost.Worker.Tests;

public sealed class FailureSizeTests
{
    [Theory]
    [InlineData(2048, true)]
    [InlineData(2049, false)]
    public void An_exception_in_its_language_s_own_form_stays_up_to_half_of_the_room(int bytes, bool stays)
    {
        var failure = new V1.TaskFailure
        {
            Message = new string('m', 8000),
            Error = new V1.RemoteError { StackTrace = new string('s', 30_000), ContentType = "application/x-python-pickle", Data = ByteString.CopyFrom(new byte[bytes]) },
        };

        FailureSize.Shrink(failure, 4096);

        Assert.InRange(failure.CalculateSize(), 1, 4096);
        Assert.Equal((stays, stays), (failure.Error.Data.Length == bytes, failure.Error.ContentType.Length > 0));
        Assert.NotEmpty(failure.Error.StackTrace);
    }
}
