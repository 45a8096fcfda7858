using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>This process as a worker: from the launch line to the exit code.</summary>
internal sealed partial class WorkerProcess
{
    // For handlers that were told to stop because the time for draining was over.
    private static readonly TimeSpan CancelGrace = TimeSpan.FromMilliseconds(250);

    // Without a builder, which would make and compile a container of services for these two lines.
    private readonly LoggerFactory loggers = new([new StderrLog()], new LoggerFilterOptions { MinLevel = LogLevel.Warning });
    private readonly ILogger logger;
    private readonly TimeProvider time = TimeProvider.System;
    private readonly int supervisorPid;
    private readonly Departure departure = new();
    private readonly LaunchLine? launch;
    private readonly LedgerPage? ledger;
    private readonly LaunchException? failure;

    private WorkerProcess()
    {
        logger = loggers.CreateLogger("WorkerHost.Worker");
        supervisorPid = OperatingSystem.IsWindows() ? 0 : LibC.getppid();
        try
        {
            (launch, var lifeline) = LaunchReader.Read();
            ledger = LedgerOpening.Open(launch, logger);
            ledger?.Stage(LedgerStage.ProcessStarted);
            if (ledger is not null)
            {
                Heartbeat.Start(ledger, launch.HeartbeatMilliseconds);
            }

            var drain = TimeSpan.FromMilliseconds(launch.DrainMilliseconds);
            lifeline.Watch(inItsOwnTime =>
            {
                if (inItsOwnTime)
                {
                    departure.LeaveInItsOwnTime();
                }
                else
                {
                    departure.LifelineLost(drain);
                }
            });
            if (!OperatingSystem.IsWindows() && !ParentDeath.Follow(supervisorPid))
            {
                departure.Ask();
            }
        }
        catch (LaunchException e)
        {
            failure = e;
        }
    }

    public WorkerId? Worker => launch?.Worker;

    /// <summary>Reads the launch line and takes over the lifeline. What goes wrong is told by <see cref="RunAsync"/>.</summary>
    public static WorkerProcess Begin()
    {
        var process = new WorkerProcess();

        // A program that a handler starts is not a worker because we are one.
        Environment.SetEnvironmentVariable(LaunchMarker.EnvironmentVariable, null);
        return process;
    }

    public async Task<int> RunAsync(TaskTable tasks, Initializer initializer, HandlerServices services, CancellationToken cancellationToken)
    {
        try
        {
            if (failure is not null)
            {
                throw failure;
            }

            var provider = Build(services);
            try
            {
                return await ServeAsync(launch!, tasks, initializer, provider, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (provider is not null)
                {
                    await provider.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        catch (LaunchException e)
        {
            Log.CannotServe(logger, e.Message);
            return e.ExitCode;
        }
    }

    private async Task<int> ServeAsync(LaunchLine launch, TaskTable tasks, Initializer initializer, ServiceProvider? services, CancellationToken cancellationToken)
    {
        var address = ListenAddress.Parse(launch);
        departure.HeedTermination();
        using var cancellation = cancellationToken.UnsafeRegister(static state => ((Departure)state!).Ask(), departure);
        if (!initializer.IsEmpty && !await InitializeAsync(initializer, TimeSpan.FromMilliseconds(launch.DrainMilliseconds)).ConfigureAwait(false))
        {
            return WorkerExitCode.Success;
        }

        // Not disposed of: a lane that is still in user code at the end writes its marks until the process is gone.
        var core = new WorkerCore(launch, tasks, services, ledger, time, logger);
        var server = new EndpointServer(core, address, new PeerPolicy($"worker {launch.Worker}", launch.Secret, logger), new SupervisorPolicy(launch, supervisorPid), loggers);
        await using var _ = server.ConfigureAwait(false);
        core.Start();
        LeftBehind.Watch(logger);
        try
        {
            await server.StartAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            throw new LaunchException(WorkerExitCode.CannotServe, $"cannot listen on {launch.Address}: {e.Message}", e);
        }

        ledger?.Stage(LedgerStage.Listening);
        await WarmUp.RunAsync(address, launch, time, logger).ConfigureAwait(false);
        core.BeginService();
        ledger?.Stage(LedgerStage.WarmedUp);
        if (!departure.Asked.IsCompleted)
        {
            server.SetServing(true);
            ledger?.Stage(LedgerStage.Ready);
        }

        await departure.Asked.ConfigureAwait(false);
        server.SetServing(false);
        await DrainAsync(core, departure.InItsOwnTime ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(launch.DrainMilliseconds)).ConfigureAwait(false);
        await server.StopAsync().ConfigureAwait(false);
        core.Queue.Stop();
        return WorkerExitCode.Success;
    }

    private static ServiceProvider? Build(HandlerServices services)
    {
        try
        {
            return services.Build();
        }
        catch (Exception e) when (e is AggregateException or ArgumentException or InvalidOperationException)
        {
            throw new LaunchException(WorkerExitCode.CannotServe, $"the services of the handlers cannot be made: {e.Message}", e);
        }
    }

    /// <summary>False: the worker was asked to leave meanwhile, and no longer waits for what does not heed that.</summary>
    /// <exception cref="LaunchException">It failed.</exception>
    private async Task<bool> InitializeAsync(Initializer initializer, TimeSpan drain)
    {
        // Not disposed of: an initializer that is deaf to it may still hold its token when the process ends.
        var leaving = new CancellationTokenSource();
        ledger?.Stage(LedgerStage.Initializing);
        var running = initializer.RunAsync(leaving.Token);
        await Task.WhenAny(running, departure.Asked).ConfigureAwait(false);
        if (departure.Asked.IsCompleted)
        {
            // On a thread of the pool: the callbacks of the token are user code and may block.
            _ = Task.Run(leaving.Cancel, CancellationToken.None);
            await Task.WhenAny(running, departure.Hurried, Task.Delay(drain, time)).ConfigureAwait(false);
            return false;
        }

        try
        {
            await running.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The whole of it first, so that its type and message are among the last lines, however long its stack.
            await Console.Error.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            throw new LaunchException(WorkerExitCode.CannotServe, $"the initializer failed: {e.GetType()}: {e.Message}", e);
        }

        ledger?.Stage(LedgerStage.Initialized);
        return true;
    }

    private async Task DrainAsync(WorkerCore core, TimeSpan limit)
    {
        core.Drain();
        if (await IsEmptyWithin(core, limit, departure.Hurried).ConfigureAwait(false))
        {
            return;
        }

        core.CancelRunning();
        await IsEmptyWithin(core, CancelGrace, Task.Delay(Timeout.InfiniteTimeSpan, time)).ConfigureAwait(false);
    }

    private async Task<bool> IsEmptyWithin(WorkerCore core, TimeSpan limit, Task unless)
    {
        await Task.WhenAny(core.Empty, unless, Task.Delay(limit, time)).ConfigureAwait(false);
        return core.Empty.IsCompleted;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "cannot serve: {Problem}")]
        public static partial void CannotServe(ILogger logger, string problem);
    }
}
