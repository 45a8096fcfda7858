using System.Security.Cryptography;
using WorkerHost.Sidecar.Admin;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// A running host: its pools, and the listeners before them. It serves as soon as it listens, whether its workers are up or not; one that
/// cannot be booted is its pool's affair. Thread-safe.
/// </summary>
internal sealed class SidecarHost : IAsyncDisposable
{
    // What was answered last still has to reach the wire.
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(2);

    private readonly Func<HostConfiguration> readAgain;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly PrivateDirectory directory;
    private readonly PoolRoster roster;
    private readonly PoolEndpoints endpoints;
    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly CancellationTokenSource stopped = new();
    private readonly Lock stopLock = new();
    private DataPlane? data;
    private AdminPlane? admin;
    private TlsFiles? adminTls;
    private Task? stopping;
    private int reloadsAsked;

    private SidecarHost(HostSettings settings, string instance, Func<HostConfiguration> readAgain, ILoggerFactory loggers, TimeProvider time)
    {
        Instance = instance;
        this.readAgain = readAgain;
        this.time = time;
        logger = loggers.CreateLogger("WorkerHost.Host");
        directory = new PrivateDirectory(Path.GetTempPath());
        roster = new PoolRoster(settings, loggers, time);
        endpoints = new PoolEndpoints(roster.Pools, Instance, settings.Data.AbandonAfter, time, loggers.CreateLogger("WorkerHost.Gateway"), settings.Data);
    }

    /// <summary>Another one with every start.</summary>
    public string Instance { get; }

    public HostedPools Pools => roster.Pools;

    /// <summary>How long a stop may take if it begins now.</summary>
    public TimeSpan LongestStop => roster.LongestStop + LastAnswers;

    /// <summary>Where it is found.</summary>
    public HostEndpoints Endpoints { get; private set; } = null!;

    public static string NewInstance() => RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 12);

    /// <summary>Returns when it listens.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="instance">See <see cref="NewInstance"/>.</param>
    /// <param name="readAgain">For a reload.</param>
    /// <param name="loggers">Belong to the caller.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up; what was started is stopped.</param>
    /// <exception cref="IOException">It cannot listen where it should, or its directory cannot be made; says what and which setting.</exception>
    public static async Task<SidecarHost> StartAsync(
        HostSettings settings, string instance, Func<HostConfiguration> readAgain, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var host = new SidecarHost(settings, instance, readAgain, loggers, time);
        try
        {
            await host.ListenAsync(settings, loggers, cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Reads the configuration again: checked whole, and only the pools that have changed are touched. Where it has an error nothing is changed.
    /// One at a time; others wait.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting; it goes on all the same.</param>
    public Task<ReloadResult> ReloadAsync(CancellationToken cancellationToken) => ReloadAsync().WaitAsync(cancellationToken);

    private async Task<ReloadResult> ReloadAsync()
    {
        await oneAtATime.WaitAsync(stopped.Token).ConfigureAwait(false);
        try
        {
            var read = readAgain();
            var result = read.IsValid
                ? await roster.ApplyAsync(read.Settings, endpoints, stopped.Token).ConfigureAwait(false)
                : new ReloadResult { Errors = [.. read.Errors.Select(static error => error.ToString())] };
            if (result.Errors.IsEmpty)
            {
                HostMessages.Reloaded(logger, Told(result));
            }
            else
            {
                HostMessages.NotReloaded(logger, string.Concat(result.Errors.Select(static error => $"\n  {error}")));
            }

            return result;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>The same for somebody who is told nothing: it is logged, and of those that come while one waits for its turn one is enough.</summary>
    public async Task ReloadBySignalAsync()
    {
        if (Interlocked.Increment(ref reloadsAsked) > 2)
        {
            // One at work, and one behind it that will read what is there now.
            Interlocked.Decrement(ref reloadsAsked);
            return;
        }

        try
        {
            await ReloadAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            HostMessages.ReloadFailed(logger, e, e.Message);
        }
        finally
        {
            Interlocked.Decrement(ref reloadsAsked);
        }
    }

    /// <summary>
    /// Takes nothing new, lets accepted tasks finish within the drain timeouts of their pools, answers every call, and stops the workers. Calling it
    /// again joins the stop that is under way.
    /// </summary>
    /// <param name="reason">For the log and whoever asks.</param>
    /// <param name="hurry">What has not ended when it is cancelled is cancelled, too.</param>
    public Task StopAsync(string reason, CancellationToken hurry)
    {
        lock (stopLock)
        {
            return stopping ??= StopOnceAsync(reason, hurry);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync("it is disposed of", new CancellationToken(canceled: true)).ConfigureAwait(false);
        oneAtATime.Dispose();
        stopped.Dispose();
    }

    private static string Told(ReloadResult result)
    {
        string[] parts =
        [
            .. new[] { ("added", result.Added), ("removed", result.Removed), ("replaced or scaled", result.Replaced), ("unchanged", result.Unchanged), ("changed", result.Applied) }
                .Where(static part => !part.Item2.IsEmpty).Select(static part => $"{part.Item1}: {string.Join(", ", part.Item2)}"),
            .. result.Failed,
            .. result.NeedsRestart.IsEmpty ? [] : new[] { $"changed, and counts only after a restart: {string.Join(", ", result.NeedsRestart)}" },
        ];
        return string.Join("; ", parts);
    }

    private async Task ListenAsync(HostSettings settings, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        data = await DataPlane.StartAsync(settings.Data, SocketOf(settings.Data, "data.sock"), endpoints, loggers, time, cancellationToken).ConfigureAwait(false);
        adminTls = TlsListening.Read(settings.Admin, "admin");
        admin = await AdminPlane.StartAsync(Pools, AdminOptions(settings.Admin), time, loggers, cancellationToken).ConfigureAwait(false);
        string[] bound = [.. data.Addresses, .. Listed(data.HttpAddress), .. admin.Addresses, .. Listed(admin.HttpAddress)];
        Endpoints = new HostEndpoints
        {
            Instance = Instance,
            Pid = Environment.ProcessId,
            Bound = [.. bound.Where(static address => ListenAddress.Reachable(address) != address)],
            Data = [.. data.Addresses.Select(ListenAddress.Reachable)],
            Http = [.. Listed(data.HttpAddress).Select(ListenAddress.Reachable)],
            Admin = [.. admin.Addresses.Select(ListenAddress.Reachable)],
            AdminHttp = [.. Listed(admin.HttpAddress).Select(ListenAddress.Reachable)],
            TokenFile = settings.Data.TokenFile,
            AdminTokenFile = settings.Admin.TokenFile,
            Certificate = settings.Data.Tls?.Certificate,
            AdminCertificate = settings.Admin.Tls?.Certificate,
        };
        HostMessages.Serves(logger, Instance, Environment.ProcessId, Pools.All.Length, string.Join(", ", data.Addresses));
    }

    private static IEnumerable<string> Listed(string? address) => address is null ? [] : [address];

    private string SocketOf(ListenerSettings settings, string name) => settings.Socket is { } named ? Path.GetFullPath(named) : Path.Combine(directory.Path, name);

    private AdminPlaneOptions AdminOptions(AdminSettings settings) => new()
    {
        Socket = SocketOf(settings, "admin.sock"),
        Tcp = settings.Tcp is { } tcp ? ListenAddress.Parse(tcp) : null,
        Http = settings.Http is { } http ? ListenAddress.Parse(http) : null,
        Tls = adminTls is { } files ? listen => listen.UseTls(files) : null,
        TlsIdentifiesPeers = adminTls?.Authorities is not null,
        Token = TokenFile.Of(settings, "admin"),
        HostInstance = Instance,
        StartedAt = time.GetUtcNow(),
        Reload = ReloadAsync,
    };

    private async Task StopOnceAsync(string reason, CancellationToken hurry)
    {
        HostMessages.Stops(logger, Instance, reason);
        await stopped.CancelAsync().ConfigureAwait(false);
        admin?.BeginStop(reason);
        data?.Drain();

        // Not beside a reload, which puts other pools into the list.
        await oneAtATime.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        await roster.StopAsync(hurry).ConfigureAwait(false);
        await Task.WhenAny(endpoints.Empty, Task.Delay(LastAnswers, time, CancellationToken.None)).ConfigureAwait(false);
        foreach (var plane in new IAsyncDisposable?[] { data, admin })
        {
            if (plane is not null)
            {
                await plane.DisposeAsync().ConfigureAwait(false);
            }
        }

        adminTls?.Dispose();
        directory.Dispose();
        HostMessages.Stopped(logger, Instance);
    }
}
