using System.CommandLine;
using System.Net.Sockets;
using WorkerHost.Sidecar.Admin.Telemetry;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost serve</c>: the host itself, until a signal.</summary>
internal sealed class Serve : Command
{
    // For the processes of workers to end, and the files to be removed.
    private static readonly TimeSpan Allowance = TimeSpan.FromSeconds(8);

    private readonly ConfigurationOptions configuration = new();

    private readonly Option<string?> endpointFile = new("--endpoint-file")
    {
        Description = "Writes where the host is found, with its actual ports, to this file as JSON, once it listens. Default: workerhost/endpoint.json in $XDG_RUNTIME_DIR, or in /tmp/workerhost-UID, where the other commands look.",
        HelpName = "FILE",
    };

    private readonly Option<int?> exitWithPid = CountOption.Create(
        "--exit-with-pid", "Stops, as at SIGTERM, when the process of this number is gone: the app beside which the host was started.", "PID", "no number of a process; allowed: 1 or more");

    private readonly Surroundings around;

    public Serve(Surroundings around)
        : base("serve", "Runs the pools of the configuration and serves clients until SIGTERM or Ctrl-C. A second signal hurries the stop, SIGHUP reads the configuration again.")
    {
        this.around = around;
        configuration.AddTo(this);
        Add(endpointFile);
        Add(exitWithPid);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(endpointFile) is "")
        {
            await around.Error.WriteLineAsync("workerhost: --endpoint-file is empty; allowed: the path of a file").ConfigureAwait(false);
            return ExitCode.Usage;
        }

        var read = HostConfiguration.Read(configuration.Of(parsed));
        if (!read.IsValid)
        {
            await ConfigurationReport.TellErrorsAsync(read, around.Error).ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        var instance = SidecarHost.NewInstance();
        using var otlp = read.Settings.Telemetry.OtlpEndpoint is { } collector ? OtlpExport.Start(new Uri(collector), instance) : null;
        using var loggers = HostLoggers.Create(read.Settings.Log.Format == LogFormat.Json, read.Settings.Log.Level, otlp);
        try
        {
            return await ServeAsync(read, () => HostConfiguration.Read(configuration.Of(parsed)), instance, parsed, loggers, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            await around.Error.WriteLineAsync($"the host cannot serve: {e.Message}").ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }

    private async Task<int> ServeAsync(
        HostConfiguration read, Func<HostConfiguration> readAgain, string instance, ParseResult parsed, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var systemd = SystemdNotify.FromEnvironment();
        var app = parsed.GetValue(exitWithPid) is { } pid ? ExitWithPid.Watch(pid, TimeProvider.System) : null;
        await using var _ = (app as IAsyncDisposable ?? Nothing.Instance).ConfigureAwait(false);
        SidecarHost? started = null;

        // From here on: one that comes while the host starts is not lost, and a reload then has nothing to do yet.
        using var signals = new StopSignals(() => Unawaited.Observe(started is { } running ? ReloadAsync(running, systemd) : Task.CompletedTask));
        var host = await SidecarHost.StartAsync(read.Settings, instance, readAgain, loggers, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        await using var __ = host.ConfigureAwait(false);
        started = host;
        using var file = Announce(host, parsed.GetValue(endpointFile), loggers.CreateLogger("WorkerHost.Host"));
        systemd.Ready(StatusOf(host));
        var first = await Task.WhenAny(signals.Stop, app?.Gone ?? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)).ConfigureAwait(false);
        systemd.Stopping(host.LongestStop + Allowance);
        await host.StopAsync(
            first == signals.Stop ? await signals.Stop.ConfigureAwait(false) : app is { Gone.IsCompleted: true } ? $"process {app.Pid}, with which it was to end, is gone" : "it was told to",
            signals.Hurry).ConfigureAwait(false);
        return ExitCode.Done;
    }

    private static string StatusOf(SidecarHost host) => $"{host.Pools.All.Length} pools at {string.Join(", ", host.Endpoints.Data)}";

    private static async Task ReloadAsync(SidecarHost host, SystemdNotify systemd)
    {
        systemd.Reloading();
        await host.ReloadBySignalAsync().ConfigureAwait(false);
        systemd.Ready(StatusOf(host));
    }

    /// <summary>Null: another host that still runs has the usual place.</summary>
    private static EndpointFile? Announce(SidecarHost host, string? named, ILogger logger)
    {
        var path = named ?? EndpointFile.DefaultPath();
        if (named is null && IsTaken(path, host.Endpoints) is { } pid)
        {
            HostMessages.EndpointFileTaken(logger, path, pid);
            return null;
        }

        return EndpointFile.Write(path, host.Endpoints);
    }

    private static int? IsTaken(string path, HostEndpoints ours)
    {
        try
        {
            var other = EndpointFile.Read(path);

            // The number may be another's by now, or in a container our own; a host answers at its socket.
            return other.Data.Except(ours.Data).Any(static address => address.StartsWith("unix://", StringComparison.Ordinal) && StaleSocket.Silence(address["unix://".Length..]) is null) ? other.Pid : null;
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private sealed class Nothing : IAsyncDisposable
    {
        public static Nothing Instance { get; } = new();

        public ValueTask DisposeAsync() => default;
    }
}
