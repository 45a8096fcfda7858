using Grpc.Core;

namespace WorkerHost.Contracts.Tests;

public sealed class FailureStatusTests
{
    [Theory]
    [InlineData(TaskFailureKind.TaskFailed, StatusCode.Unknown)]
    [InlineData(TaskFailureKind.UnknownTask, StatusCode.Unimplemented)]
    [InlineData(TaskFailureKind.BadInput, StatusCode.InvalidArgument)]
    [InlineData(TaskFailureKind.Cancelled, StatusCode.Cancelled)]
    [InlineData(TaskFailureKind.DeadlineExceeded, StatusCode.DeadlineExceeded)]
    [InlineData(TaskFailureKind.Rejected, StatusCode.ResourceExhausted)]
    [InlineData(TaskFailureKind.NoWorkers, StatusCode.Unavailable)]
    [InlineData(TaskFailureKind.WorkerLost, StatusCode.Aborted)]
    [InlineData(TaskFailureKind.Quarantined, StatusCode.FailedPrecondition)]
    public void Each_kind_has_the_status_of_the_contract(TaskFailureKind kind, StatusCode status) =>
        Assert.Equal(status, FailureStatus.ToStatusCode(kind));

    [Fact]
    public void A_refusal_of_a_draining_endpoint_is_unavailable() =>
        Assert.Equal(StatusCode.Unavailable, FailureStatus.ToStatusCode(TaskFailureKind.Rejected, draining: true));

    [Fact]
    public void Draining_changes_no_other_kind() => Assert.All(
        Enum.GetValues<TaskFailureKind>().Except([TaskFailureKind.Unspecified, TaskFailureKind.Rejected]),
        kind => Assert.Equal(FailureStatus.ToStatusCode(kind), FailureStatus.ToStatusCode(kind, draining: true)));

    [Fact]
    public void An_outcome_without_a_kind_has_no_status()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FailureStatus.ToStatusCode(TaskFailureKind.Unspecified));
        Assert.Throws<ArgumentOutOfRangeException>(() => FailureStatus.ToStatusCode((TaskFailureKind)999));
    }
}
