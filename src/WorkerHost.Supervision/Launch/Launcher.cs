using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>Makes everything one incarnation needs, and starts its process.</summary>
internal sealed class Launcher(WorkerCommand command, SupervisorOptions options, IsolationPlan isolation, PrivateDirectory directory)
{
    private const int MostOfACommand = 1000;

    private readonly string hostInstance = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly string temporaryDirectory =
        command.Environment.GetValueOrDefault("TMPDIR") is { } own ? own.Length > 0 ? own : "/tmp"
        : Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } hosts && IsolationEnvironment.IsOfUse(hosts, isolation.Account) ? hosts : "/tmp";

    /// <summary>The command as a person would type it, for messages; of a very long one the beginning.</summary>
    public string CommandText => string.Join(' ', Arguments(command.FileName)) is var whole && whole.Length > MostOfACommand
        ? string.Create(CultureInfo.InvariantCulture, $"{whole[..MostOfACommand]}… ({whole.Length - MostOfACommand} characters more)")
        : whole;

    /// <summary>Removes what killed hosts have left; those that were removed.</summary>
    public IEnumerable<string> SweepControlGroups() => isolation.Groups?.Sweep() ?? [];

    /// <summary>Everything but the process: its id, address, ledger and launch line.</summary>
    public LaunchPlan Plan(WorkerId id)
    {
        directory.EnsureExists();
        var tcp = options.Transport == WorkerTransport.LoopbackTcp;
        var port = tcp ? FreePort.Find() : 0;
        var own = directory.MakeFor(id.Slot, id.Incarnation, options.Concurrency);
        try
        {
            return new LaunchPlan
            {
                Id = id,
                Directory = own,
                Isolation = isolation,
                TemporaryDirectory = temporaryDirectory,
                Address = tcp ? new Uri($"http://127.0.0.1:{port}") : UnixAddress.Of(own.SocketPath),
                Secret = tcp ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) : null,

                // Last: it cleans up after itself where it fails, and nothing after it can.
                ControlGroup = isolation.Groups?.Make(),
            };
        }
        catch
        {
            own.Delete();
            throw;
        }
    }

    /// <exception cref="IOException">It could not be started; the message says why.</exception>
    public async Task<ChildProcess> SpawnAsync(LaunchPlan plan, ChildListener listener)
    {
        try
        {
            var environment = WorkerEnvironment.Build(Environment.GetEnvironmentVariables(), options.InheritEnvironment.IsDefault ? [] : options.InheritEnvironment, command.Environment, isolation);
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
        // What is done by default is left out for the kernel's own word. What was asked for is not, and a shell on the way to the
        // program would take a file of no known format for a script; the user's launcher may know better (an emulator).
        // Nor is a variable left out, where only what is done by default would need the shell that drops it.
        var carried = CarriedEnvironment.Of(environment);
        var direct = isolation.IsByDefault && (found.MustBeSpawnedItself || (!carried.Carried.IsEmpty && isolation.Host.EnvPath is null));
        if (found.MustBeSpawnedItself && !direct && isolation.Options.Launcher.IsDefaultOrEmpty)
        {
            throw new SpawnException($"'{found.Path}' is neither a program for this processor nor a script that begins with #! and its interpreter, and cannot be started with SupervisorOptions.Isolation");
        }

        ImmutableArray<string> worker = Arguments(found.Path);
        var chain = direct ? worker : LaunchChain.Make(isolation, plan, carried, worker);
        return new SpawnRequest
        {
            Executable = chain[0],
            Arguments = chain,
            Environment = direct || isolation.Host.ShellPath is null ? environment : carried.ForShell,
            ControlGroup = plan.ControlGroup,
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
        HeartbeatMilliseconds = (int)options.Liveness.HeartbeatInterval.TotalMilliseconds,
    };
}
