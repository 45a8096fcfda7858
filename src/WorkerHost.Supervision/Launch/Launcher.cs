using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>Makes everything one incarnation needs, and starts its process.</summary>
internal sealed class Launcher(WorkerCommand command, SupervisorOptions options, PrivateDirectory directory)
{
    private const string ParentDeathLauncher = "/usr/bin/setpriv";

    /// <summary>busybox has a program of that name without --pdeathsig.</summary>
    private static readonly Lazy<bool> HasParentDeathLauncher = new(() =>
        File.Exists(ParentDeathLauncher)
        && File.ResolveLinkTarget(ParentDeathLauncher, returnFinalTarget: true)?.Name.Contains("busybox", StringComparison.Ordinal) != true);

    private readonly string hostInstance = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>Where its workers put their temporary files.</summary>
    public string TemporaryDirectory { get; } =
        (command.Environment.GetValueOrDefault("TMPDIR") ?? Environment.GetEnvironmentVariable("TMPDIR")) is { Length: > 0 } set ? set : "/tmp";

    /// <summary>The command as a person would type it, for messages.</summary>
    public string CommandText => string.Join(' ', Arguments(command.FileName));

    /// <summary>Everything but the process: its id, address, ledger and launch line.</summary>
    public LaunchPlan Plan(WorkerId id)
    {
        directory.EnsureExists();
        var tcp = options.Transport == WorkerTransport.LoopbackTcp;
        var socket = tcp ? null : directory.NewSocketPath(id.Slot);
        var plan = new LaunchPlan
        {
            Id = id,
            Address = socket is null ? new Uri($"http://127.0.0.1:{FreePort.Find()}") : UnixAddress.Of(socket),
            SocketPath = socket,
            Secret = tcp ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) : null,
            LedgerPath = directory.NewLedgerPath(id.Slot, id.Incarnation),
        };
        LedgerPage.Create(plan.LedgerPath, options.Concurrency, id.Incarnation);
        return plan;
    }

    /// <exception cref="IOException">It could not be started; the message says why.</exception>
    public async Task<ChildProcess> SpawnAsync(LaunchPlan plan, ChildListener listener)
    {
        try
        {
            var environment = WorkerEnvironment.Build(Environment.GetEnvironmentVariables(), options.InheritEnvironment, command.Environment);
            var found = CommandResolver.Resolve(command, Environment.GetEnvironmentVariable("PATH"));
            return await SpawnThread.Shared.SpawnAsync(Request(plan, found, environment), listener).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            throw new SpawnException(e.Message);
        }
    }

    private SpawnRequest Request(LaunchPlan plan, ResolvedCommand found, IReadOnlyList<string> environment)
    {
        var direct = found.MustBeSpawnedItself || !HasParentDeathLauncher.Value;
        ImmutableArray<string> own = Arguments(found.Path);
        return new SpawnRequest
        {
            Executable = direct ? found.Path : ParentDeathLauncher,
            Arguments = direct ? own : ["setpriv", "--pdeathsig", "KILL", "--", .. own],
            Environment = environment,
            WorkingDirectory = command.WorkingDirectory is null ? null : Path.GetFullPath(command.WorkingDirectory),
            FirstInput = Encoding.UTF8.GetBytes(Line(plan).ToJson() + "\n"),
        };
    }

    private ImmutableArray<string> Arguments(string program) =>
        [program, .. command.Arguments.IsDefault ? [] : command.Arguments, LaunchMarker.Argument, options.PoolName];

    private LaunchLine Line(LaunchPlan plan) => new()
    {
        MinProtocol = ProtocolLimits.MinVersion,
        MaxProtocol = ProtocolLimits.MaxVersion,
        Pool = plan.Id.Pool,
        Slot = plan.Id.Slot,
        Incarnation = plan.Id.Incarnation,
        Address = plan.Address.OriginalString,
        Secret = plan.Secret,
        Ledger = plan.LedgerPath,
        HostInstance = hostInstance,
        Concurrency = options.Concurrency,
        DrainMilliseconds = (int)options.DrainTimeout.TotalMilliseconds,
        MaxMessageBytes = options.MaxMessageBytes,
    };
}
