namespace WorkerHost.Client.Tests;

public sealed class ProgressRelayTests
{
    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(1e300, 1)]
    [InlineData(-5, 0)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(double.NaN, double.NaN)]
    public async Task Whatever_an_endpoint_says_a_listener_hears_a_fraction_or_that_nobody_knows(double said, double heard)
    {
        await using var rig = new LoopRig();
        var told = new TaskCompletionSource<TaskProgress>(TaskCreationOptions.RunContinuationsAsynchronously);

        new ProgressRelay(new Listener(told), rig.Make().Entry, rig.Identity).Report(said, "step");

        Assert.Equal((heard, "step"), ((await told.Task.Soon()).Fraction, (await told.Task).Message));
    }

    private sealed class Listener(TaskCompletionSource<TaskProgress> told) : IProgress<TaskProgress>
    {
        public void Report(TaskProgress value) => told.TrySetResult(value);
    }
}
