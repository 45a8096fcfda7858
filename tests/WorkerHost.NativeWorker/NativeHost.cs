using WorkerHost;

/// <summary>The same program as the host of its own workers: pool and supervisor are native as well.</summary>
internal static class NativeHost
{
    public static async Task<int> RunAsync()
    {
        await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self());
        var echoed = await pool.SubmitBytes("echo", new byte[] { 1, 2, 3 });
        var there = await pool.Submit("step", new Place(1, 2), NativeJson.Default.Place, NativeJson.Default.Place);
        Console.WriteLine($"{echoed.Length} {there}");
        return 0;
    }
}
