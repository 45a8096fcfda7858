using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using WorkerHost.Hosting;

namespace WorkerHost;

/// <summary>
/// Says what a pool of <c>AddWorkerPool</c> is like. Each call adds a step; the steps are taken in their order when the pool is
/// made, so a later one has the last word. Not thread-safe, like the service collection it belongs to.
/// </summary>
public sealed class WorkerPoolBuilder
{
    private readonly PoolRegistration registration;

    internal WorkerPoolBuilder(IServiceCollection services, PoolRegistration registration)
    {
        Services = services;
        this.registration = registration;
    }

    /// <summary>Where the pool is registered.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The pool's name.</summary>
    public string Name => registration.Name;

    /// <summary>
    /// Reads the pool's settings from configuration, once, when the pool is made. The keys are the properties of
    /// <see cref="EmbeddedPoolOptions"/> and, as <c>Command</c>, of <see cref="WorkerCommand"/>; times are written
    /// <c>30s</c> or <c>00:00:30</c>. A key that is none of them and a value that cannot be read fail the start of the host.
    /// </summary>
    /// <param name="path">The section, for instance <c>Pools:Images</c>. One that is not there sets nothing.</param>
    [RequiresUnreferencedCode(SettingsReader.Warning)]
    public WorkerPoolBuilder Bind(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        registration.Add((services, settings, errors) =>
            PoolRegistration.Read(services.GetRequiredService<IConfiguration>().GetSection(path), settings, errors));
        return this;
    }

    /// <inheritdoc cref="Bind(string)"/>
    /// <param name="section">The section.</param>
    [RequiresUnreferencedCode(SettingsReader.Warning)]
    public WorkerPoolBuilder Bind(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        registration.Add((_, settings, errors) => PoolRegistration.Read(section, settings, errors));
        return this;
    }

    /// <summary>Sets options in code: <c>.Configure(o => o with { Workers = 4 })</c>.</summary>
    /// <param name="change">From the options so far to those that count; its exceptions fail the start.</param>
    public WorkerPoolBuilder Configure(Func<EmbeddedPoolOptions, EmbeddedPoolOptions> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Configure((_, options) => change(options));
    }

    /// <summary>The same with the services at hand, for a pipeline or a clock that is registered there.</summary>
    /// <inheritdoc cref="Configure(Func{EmbeddedPoolOptions, EmbeddedPoolOptions})"/>
    public WorkerPoolBuilder Configure(Func<IServiceProvider, EmbeddedPoolOptions, EmbeddedPoolOptions> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        registration.Add((services, settings, _) => settings with { Options = change(services, settings.Options) });
        return this;
    }

    /// <summary>What a worker is started as. Without this call: this very program again (<see cref="WorkerCommand.Self"/>).</summary>
    public WorkerPoolBuilder Command(WorkerCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        registration.Add((_, settings, _) => settings with { Command = command });
        return this;
    }

    /// <summary>
    /// Runs the tasks on threads of this process instead of in workers: for the tests of a service and for debugging. Handlers may take the
    /// services of this host beside those of <see cref="WorkerApplication.Services"/>, each task in a scope of its own. There are as many threads
    /// as all workers would have had lanes, or as <see cref="InProcessPoolOptions.Concurrency"/> says where neither <c>Workers</c> nor
    /// <c>Concurrency</c> is set; what the options say of processes counts for nothing, and so does <see cref="Command"/>. What cannot be had
    /// without processes is told at <c>WorkerPool.StartInProcessAsync</c>. When <paramref name="map"/> throws, the tasks fail with
    /// <see cref="TaskFailureKind.NoWorkers"/> and the health check says why.
    /// </summary>
    /// <param name="map">Maps the tasks, as the worker's program does before its <c>RunAsync</c>; called once, when the pool is made.</param>
    public WorkerPoolBuilder InProcess(Action<WorkerApplication> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        registration.Add((_, settings, _) => settings with { InProcess = map });
        return this;
    }
}
