using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace WorkerHost.Worker;

/// <summary>
/// Where the objects of a user's gRPC service come from, one for each call: from the task's scope where its constructor takes something or the
/// program has registered it, else it is made without any services.
/// </summary>
internal sealed class MethodService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TService>
    where TService : class
{
    private readonly bool takesSomething;
    private bool fromServices;

    /// <exception cref="ArgumentException">Nobody can make one.</exception>
    public MethodService()
    {
        var constructors = typeof(TService).GetConstructors();
        if (typeof(TService).IsAbstract || constructors.Length == 0)
        {
            throw new ArgumentException($"{typeof(TService)} cannot be made for a call: it is abstract or has no public constructor", nameof(TService));
        }

        takesSomething = !constructors.Any(static c => c.GetParameters().Length == 0);
    }

    /// <summary>Everything is registered now.</summary>
    public void Close(HandlerServices services)
    {
        if (takesSomething || services.Has(typeof(TService)))
        {
            // Built and checked with all the others, before the worker serves.
            services.Collection.TryAddScoped<TService>();
            fromServices = true;
        }
    }

    public TService Of(TaskRun run) => fromServices ? run.Services.GetRequiredService<TService>() : Activator.CreateInstance<TService>();

    /// <summary>The call is over. Scopes look after what they have made.</summary>
    public void Release(TService service)
    {
        if (fromServices)
        {
            return;
        }

        if (service is IAsyncDisposable asynchronous)
        {
            asynchronous.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        else if (service is IDisposable disposable)
        {
            disposable.Dispose();
        }
    }
}
