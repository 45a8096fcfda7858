using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using WorkerHost.Supervision;

namespace WorkerHost.Hosting;

/// <summary>What a pool is made of; a null command is this very program, and where tasks are mapped in process none is started.</summary>
internal sealed record PoolSettings(WorkerCommand? Command, EmbeddedPoolOptions Options, Action<WorkerApplication>? InProcess = null);

/// <summary>The settings of one pool as its services make them, and everything that is wrong with them.</summary>
internal sealed record FoundSettings(PoolSettings Settings, IReadOnlyList<string> Errors);

/// <summary>A pool that the services know by name: how its settings come about, and how it is made of them.</summary>
internal sealed class PoolRegistration(string name)
{
    private readonly List<Func<IServiceProvider, PoolSettings, ICollection<string>, PoolSettings>> steps = [];

    public string Name { get; } = name;

    public void Add(Func<IServiceProvider, PoolSettings, ICollection<string>, PoolSettings> step) => steps.Add(step);

    [RequiresUnreferencedCode(SettingsReader.Warning)]
    public static PoolSettings Read(IConfiguration section, PoolSettings settings, ICollection<string> errors)
    {
        var reader = new SettingsReader(errors);
        var command = section.GetSection(nameof(PoolSettings.Command));
        return settings with
        {
            Command = command.Exists() ? reader.Read(command, settings.Command ?? new WorkerCommand { FileName = "" }) : settings.Command,
            Options = reader.Read(section, settings.Options, nameof(PoolSettings.Command)),
        };
    }

    /// <summary>Takes the steps; called once per container.</summary>
    public FoundSettings Find(IServiceProvider services)
    {
        var errors = new List<string>();
        var settings = new PoolSettings(null, new EmbeddedPoolOptions
        {
            Name = Name,
            LoggerFactory = services.GetService<ILoggerFactory>(),
            TimeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System,
        });
        foreach (var step in steps)
        {
            settings = step(services, settings, errors);
            if (settings.Options is null)
            {
                return new FoundSettings(settings, [.. errors, "Configure returned null instead of options"]);
            }
        }

        if (settings.Options.Name != Name)
        {
            errors.Add($"Name is '{settings.Options.Name}'; the pool was added as '{Name}', and that is its name");
        }

        settings.Options.Validate(errors);
        if (settings.Command is { } command)
        {
            errors.AddRange(WorkerCommandCheck.Find(command));
        }

        return new FoundSettings(settings, errors);
    }

    /// <exception cref="OptionsValidationException">The settings cannot be used; has everything that is wrong.</exception>
    public WorkerPool Create(IServiceProvider services)
    {
        var (settings, errors) = services.GetRequiredKeyedService<FoundSettings>(Name);
        return errors.Count > 0 ? throw new OptionsValidationException(Name, typeof(EmbeddedPoolOptions), Told(errors))
            : settings.InProcess is { } map ? InProcessWorkerPool.Begin(map, settings.Options.ForThreads(services)).Pool
            : EmbeddedWorkerPool.Begin(settings.Command ?? WorkerCommand.Self(), settings.Options);
    }

    public IEnumerable<string> Told(IEnumerable<string> errors) => errors.Select(error => $"pool {Name}: {error}");
}
