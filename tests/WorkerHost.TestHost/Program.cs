using System.Globalization;
using System.Runtime.InteropServices;
using WorkerHost;
using WorkerHost.TestHost;

// usage: WorkerHost.TestHost WORKER TASK MILLISECONDS
// Keeps the pool busy with the task until SIGTERM, then stops it and says what became of every task that was accepted.
// SIGUSR1 replaces its workers, and says which is the first that leaves with work in hand.
const int Workers = 2;
await using var pool = await WorkerPool.StartAsync(WorkerCommand.Create(args[0]), new EmbeddedPoolOptions { Name = "host", Workers = Workers });
var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var hurry = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    // Without this the runtime would end the process.
    context.Cancel = true;
    if (!asked.TrySetResult())
    {
        hurry.Cancel();
    }
});

var caller = new Caller(pool, args[1], int.Parse(args[2], CultureInfo.InvariantCulture));
var calling = caller.CallUntilRefusedAsync();
while (pool.Supervisor!.Counts.Busy < Workers)
{
    await Task.Delay(1);
}

using var replace = PosixSignalRegistration.Create((PosixSignal)10, context =>
{
    context.Cancel = true;
    _ = ReplaceAsync();
});

Console.WriteLine($"busy {string.Join(' ', pool.Workers.Select(w => w.Pid))}");
await asked.Task;
Console.WriteLine("stopping");
await pool.StopAsync(cancellationToken: hurry.Token);
await calling;
Console.WriteLine(caller);
return 0;

async Task ReplaceAsync()
{
    var events = pool.Supervisor!.WatchAsync(after: 0);
    _ = pool.Supervisor.RestartAsync();
    await foreach (var what in events)
    {
        if (what is SupervisorEvent.Draining leaves && pool.Workers.Any(w => w.Pid == leaves.Pid && w.RunningTasks > 0))
        {
            Console.WriteLine($"leaving {leaves.Pid}");
            return;
        }
    }
}
