using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using WorkerHost.Tests.Protos;

namespace WorkerHost.TestWorker;

/// <summary>Services that Grpc.Tools generates the base of.</summary>
internal static class GrpcServices
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapGrpcService<ProbeService>(new Doorkeeper());
        if (worker.Arguments.Contains("--services"))
        {
            worker.Services.AddSingleton<Doorbell>();
            worker.MapGrpcService<VisitsService>();
        }
    }

    public sealed class Doorbell
    {
        public int Rung;
        public int Left;
    }

    public sealed class VisitsService(Doorbell bell) : Visits.VisitsBase, IDisposable
    {
        private readonly int number = Interlocked.Increment(ref bell.Rung);

        public override Task<Note> Visit(Note request, ServerCallContext context) => Task.FromResult(new Note { Number = number, Text = $"{bell.Left} have left" });

        public void Dispose() => Interlocked.Increment(ref bell.Left);
    }
}
