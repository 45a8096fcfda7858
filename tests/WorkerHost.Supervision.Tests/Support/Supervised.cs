using System.Threading.Channels;

namespace WorkerHost.Supervision.Tests;

/// <summary>A supervisor in a directory of its own, with what a test wants to see of it.</summary>
internal sealed class Supervised : IAsyncDisposable
{
    private Supervised(Supervisor supervisor, RecordingLoggers log, TemporaryDirectory directory, ChannelReader<WorkerSet> sets)
    {
        Supervisor = supervisor;
        Log = log;
        Directory = directory;
        Sets = sets;
    }

    public Supervisor Supervisor { get; }

    public RecordingLoggers Log { get; }

    public TemporaryDirectory Directory { get; }

    public ChannelReader<WorkerSet> Sets { get; }

    public IWorkerBackChannel BackChannel => Supervisor;

    public static WorkerCommand Dummy(params string[] manners) =>
        WorkerCommand.Create(Path.Combine(AppContext.BaseDirectory, "WorkerHost.Supervision.Dummy"), ["serve", .. manners]);

    public static WorkerCommand Shell(string script) => WorkerCommand.Create("sh", "-c", script);

    public static async Task<Supervised> StartAsync(WorkerCommand command, SupervisorOptions? options = null, TimeProvider? time = null)
    {
        var log = new RecordingLoggers();
        var directory = new TemporaryDirectory();
        try
        {
            options = (options ?? new SupervisorOptions { Workers = 1 }) with { Directory = directory.Path };
            if (options.Isolation.User is not null)
            {
                directory.OpenToOthers();
            }

            var supervisor = await Supervisor.StartAsync(command, options, time, log, TestContext.Current.CancellationToken).Soon();
            return new Supervised(supervisor, log, directory, ((IWorkerSource)supervisor).Subscribe());
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Starts what cannot start, and makes sure that nothing stays behind.</summary>
    public static async Task<WorkerStartException> FailToStartAsync(WorkerCommand command, SupervisorOptions? options = null)
    {
        using var directory = new TemporaryDirectory();
        options = (options ?? new SupervisorOptions { Workers = 1 }) with { Directory = directory.Path };
        var error = await Assert.ThrowsAsync<WorkerStartException>(() => Supervisor.StartAsync(command, options, null, null, TestContext.Current.CancellationToken).Soon());
        Assert.Empty(System.IO.Directory.EnumerateFileSystemEntries(directory.Path));
        Assert.All(error.Deaths, d => Facts.AssertGone(d.Pid == 0 ? int.MaxValue : d.Pid));
        return error;
    }

    public async Task<WorkerEndpoint> ReadyAsync(Func<WorkerEndpoint, bool>? wanted = null)
    {
        var set = await Sets.Until(s => s.Ready.Any(wanted ?? (_ => true)));
        return set.Ready.First(wanted ?? (_ => true));
    }

    public async Task<WorkerDeath> DeathAsync()
    {
        var set = await Sets.Until(s => s.Deaths.Length > 0);
        return Assert.Single(set.Deaths);
    }

    public void Signal(int pid, int signal) => Assert.Equal(0, Libc.kill(pid, signal));

    public async ValueTask DisposeAsync()
    {
        await Supervisor.DisposeAsync().Soon();
        Assert.Empty(System.IO.Directory.EnumerateFileSystemEntries(Directory.Path));
        Directory.Dispose();
    }
}
