namespace WorkerHost.Worker.Tests;

public sealed class LaneParkTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_wake_is_ever_lost(bool futex)
    {
        const int rounds = 20_000;
        var ping = new LanePark(futex && Futex.IsSupported);
        var pong = new LanePark(futex && Futex.IsSupported);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            for (var i = 0; i < rounds; i++)
            {
                ping.Park();
                pong.Wake();
            }
        })
        { IsBackground = true }.Start();
        new Thread(() =>
        {
            for (var i = 0; i < rounds; i++)
            {
                ping.Wake();
                pong.Park();
            }

            done.SetResult();
        })
        { IsBackground = true }.Start();

        await done.Task.WaitAsync(WorkerUnderTest.Patience);
    }
}
