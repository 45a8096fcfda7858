using System.Globalization;
using System.Runtime.InteropServices;

namespace WorkerHost.Supervision.Dummy;

/// <summary>A process with a supervisor in it, made to be killed; <c>as=USER</c> says who its workers run as, <c>pass-through</c>
/// hands their output on, <c>death</c> prints how the first of them ends, <c>tell</c> what happens to them; <c>dead-after=N</c> is for how
/// many seconds they may be silent; SIGTERM ends it properly.</summary>
internal static class KillableHost
{
    public static async Task<int> RunAsync(string directory, int workers, string[] manners)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            ended.SetResult();
        });
        var user = manners.FirstOrDefault(m => m.StartsWith("as=", StringComparison.Ordinal))?[3..];
        var options = new SupervisorOptions { Workers = workers, Spares = 0, Directory = directory, Isolation = new IsolationOptions { User = user } };
        if (manners.Contains("pass-through"))
        {
            options = options with { Output = new OutputOptions { Mode = OutputMode.PassThrough } };
        }

        if (manners.FirstOrDefault(m => m.StartsWith("dead-after=", StringComparison.Ordinal)) is { } seconds)
        {
            options = options with
            {
                Liveness = new LivenessOptions
                {
                    HeartbeatInterval = TimeSpan.FromMilliseconds(100),
                    SuspectAfter = TimeSpan.FromMilliseconds(500),
                    DeadAfter = TimeSpan.FromSeconds(int.Parse(seconds["dead-after=".Length..], CultureInfo.InvariantCulture)),
                },
            };
        }

        await using var supervisor = await Supervisor.StartAsync(WorkerCommand.Self(["serve", .. manners]), options);
        while (supervisor.Workers.Any(w => w.State != SlotState.Ready))
        {
            await Task.Delay(5);
        }

        Console.WriteLine(string.Join(' ', supervisor.Workers.Select(w => w.Pid.ToString(CultureInfo.InvariantCulture))));
        if (manners.Contains("death"))
        {
            Console.WriteLine(await supervisor.WatchAsync(after: 0).OfType<SupervisorEvent.Died>().FirstAsync());
        }

        if (manners.Contains("tell"))
        {
            _ = TellAsync(supervisor);
        }

        await ended.Task;
        return 0;
    }

    private static async Task TellAsync(Supervisor supervisor)
    {
        // From the first on: what happens just after the line above is among them, whenever this begins.
        await foreach (var what in supervisor.WatchAsync(after: 0))
        {
            Console.WriteLine(what is SupervisorEvent.Died { Report: var death }
                ? string.Create(CultureInfo.InvariantCulture, $"Died {death.Pid} {death.Cause}")
                : what.GetType().Name);
        }
    }
}
