using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace WorkerHost.Worker;

/// <summary>
/// The services of handlers: the user's, and logging. A worker whose program asks for none pays nothing for them at its start.
/// </summary>
internal sealed class HandlerServices
{
    private readonly ILoggerFactory? loggers;
    private readonly TimeProvider time = TimeProvider.System;
    private readonly IServiceProvider? host;
    private ServiceCollection? collection;

    public HandlerServices()
    {
    }

    /// <param name="loggers">Where handlers log: there is no process whose stderr would be read.</param>
    /// <param name="time">The clock that handlers can take.</param>
    /// <param name="host">Whose services they can take, too; null: nobody's.</param>
    public HandlerServices(ILoggerFactory loggers, TimeProvider time, IServiceProvider? host)
    {
        this.loggers = loggers;
        this.time = time;
        this.host = host;
    }

    public IServiceCollection Collection => collection ??= Make();

    /// <summary>How what is no service travels.</summary>
    public HandlerJson Json { get; init; } = new();

    /// <summary>Whether a parameter is no argument of the task but one of these; settled when the task is mapped.</summary>
    public bool Have(Type type, bool isKeyed)
    {
        if (!isKeyed && HostHas(type))
        {
            return true;
        }

        if (isKeyed || type == typeof(IServiceProvider) || type == typeof(TimeProvider) || IsLogger(type))
        {
            _ = Collection;
            return true;
        }

        return Has(type);
    }

    /// <summary>Whether the program has registered it.</summary>
    public bool Has(Type type) => collection is not null && collection.Any(service => Is(service, type));

    /// <exception cref="InvalidOperationException">A handler was mapped before a service that it takes was registered.</exception>
    public void Check(HandlerParameter argument, string task)
    {
        if (Has(argument.Type))
        {
            throw new InvalidOperationException(
                $"parameter \"{argument}\" of task \"{task}\" is a service that was registered after the task was mapped; fill WorkerApplication.Services before MapTask");
        }
    }

    /// <summary>Null: there are none.</summary>
    /// <exception cref="AggregateException">Services that cannot be made: all of them.</exception>
    public ServiceProvider? Build() =>
        collection?.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = true });

    /// <summary>The same beside the services of a host; to be disposed of is only what is the worker's own.</summary>
    public (IServiceProvider? All, IAsyncDisposable? Owned) BuildInProcess()
    {
        var own = Build();
        return (own is null ? host : host is null ? own : new ServicesBesideHost(own, host), own);
    }

    private bool HostHas(Type type) => host?.GetService<IServiceProviderIsService>()?.IsService(type) == true && !IsSequence(type);

    // A container has the sequence of any service, an empty one if need be; here it is more likely an argument.
    private static bool IsSequence(Type type) => type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>);

    private static bool Is(ServiceDescriptor service, Type type) =>
        !service.IsKeyedService
        && (service.ServiceType == type
            || (service.ServiceType.IsGenericTypeDefinition && type.IsConstructedGenericType && type.GetGenericTypeDefinition() == service.ServiceType));

    private static bool IsLogger(Type type) =>
        type == typeof(ILogger) || type == typeof(ILoggerFactory) || (type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(ILogger<>));

    // A line of JSON on stderr per entry: the supervisor logs it with its level, category and fields, and a death report has the last ones.
    private ServiceCollection Make()
    {
        var made = new ServiceCollection();
        if (loggers is null)
        {
            made.AddLogging(static logging => logging
                .AddJsonConsole()
                .Services.Configure<ConsoleLoggerOptions>(static o => o.LogToStandardErrorThreshold = LogLevel.Trace));
        }
        else
        {
            made.AddSingleton(loggers);
            made.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        }

        made.TryAddSingleton(time);
        return made;
    }
}
