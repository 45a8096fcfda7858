using System.Collections.Concurrent;
using System.Diagnostics;

namespace WorkerHost.Worker.Tests;

/// <summary>
/// Starts processes from one thread that never ends: a worker asks the kernel to be killed with the thread that started it,
/// and the threads that run tests come and go.
/// </summary>
internal static class Spawner
{
    private static readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Started)> Orders = [];

    static Spawner() => new Thread(() =>
    {
        foreach (var (info, started) in Orders.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(info)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        }
    })
    { IsBackground = true, Name = "spawner" }.Start();

    public static Task<Process> StartAsync(ProcessStartInfo info)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Orders.Add((info, started));
        return started.Task;
    }
}
