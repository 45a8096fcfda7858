using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace WorkerHost.TestWorker;

/// <summary>
/// Tasks that take services, where the worker is started with <c>--services</c>; <c>--services-broken</c> registers one that cannot be made.
/// </summary>
internal static partial class ServiceTasks
{
    public static void Map(WorkerApplication worker)
    {
        if (worker.Arguments.Contains("--services-broken"))
        {
            worker.Services.AddSingleton<NeedsMore>();
        }

        if (!worker.Arguments.Contains("--services"))
        {
            return;
        }

        worker.Services.AddSingleton<Tally>();
        worker.Services.AddScoped<Visit>();
        worker.Services.AddKeyedSingleton("loud", new Voice("!"));
        worker.Services.AddKeyedSingleton("calm", new Voice("."));

        worker.MapTask("say", static ([FromKeyedServices("loud")] Voice loud, string text, [FromKeyedServices("calm")] Voice calm) => text + loud.Mark + calm.Mark);
        worker.MapTask("visit", static (Visit one, int add, Visit other, Tally tally) => new[] { one.Number + add, ReferenceEquals(one, other) ? 1 : 0, tally.Disposed });
        worker.MapTask("visit_bytes", static (_, context, _) =>
            new ValueTask<ReadOnlyMemory<byte>>(new[] { (byte)context.Services.GetRequiredService<Visit>().Number }));
        worker.MapTask("spoil", static (Visit visit, bool also) =>
        {
            visit.Spoilt = true;
            return also ? throw new InvalidOperationException("the handler's own") : 0;
        });
        worker.MapTask("log", static (ILogger<Tally> logger, string text) => Log.Said(logger, text));
    }

    private sealed class Tally
    {
        public int Made;
        public int Disposed;
    }

    private sealed class Visit(Tally tally) : IAsyncDisposable
    {
        public int Number { get; } = Interlocked.Increment(ref tally.Made);

        public bool Spoilt { get; set; }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Interlocked.Increment(ref tally.Disposed);
            if (Spoilt)
            {
                throw new IOException("could not be committed");
            }
        }
    }

    private sealed record Voice(string Mark);

    private sealed class NeedsMore(Stream nowhere)
    {
        public Stream Nowhere => nowhere;
    }

    private static partial class Log
    {
        [LoggerMessage(17, LogLevel.Information, "the task says {Text}")]
        public static partial void Said(ILogger logger, string text);
    }
}
