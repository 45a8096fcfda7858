using System.Diagnostics;

namespace WorkerHost.Supervision;

/// <summary>
/// One span per start of a worker, from its spawn until it is ready or dead. Made at its end, from the event that tells of
/// it, so that a start that nobody traces costs nothing. A trace of its own: nobody's request waits for it.
/// </summary>
internal static class SupervisionSpans
{
    private static readonly ActivitySource Source = new(SupervisionMeter.Name, typeof(SupervisionSpans).Assembly.GetName().Version?.ToString(3));

    public static void Record(SupervisorEvent what)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        switch (what)
        {
            case SupervisorEvent.Ready ready:
                Write(what, ready.Id, ready.Pid, ready.BootTime, null);
                break;
            case SupervisorEvent.Died { Report: { ReadyFor: null } death }:
                Write(what, death.Worker, death.Pid, death.Uptime, death);
                break;
            default:
                break;
        }
    }

    private static void Write(SupervisorEvent what, WorkerId worker, int pid, TimeSpan took, DeathReport? death)
    {
        var around = Activity.Current;
        Activity.Current = null;
        try
        {
            using var span = Source.CreateActivity("start worker", ActivityKind.Internal);
            if (span is null)
            {
                return;
            }

            span.SetStartTime((what.Time - took).UtcDateTime);
            span.SetTag(SupervisionMeter.Pool, worker.Pool);
            span.SetTag("workerhost.worker.id", worker.ToString());
            span.SetTag("process.pid", pid);
            if (death is not null)
            {
                span.SetTag("workerhost.worker.death.cause", AttributeText.Of(death.Cause));
                span.SetStatus(death.Cause is DeathCause.Stop or DeathCause.Recycle ? ActivityStatusCode.Unset : ActivityStatusCode.Error, death.ToString());
            }

            span.Start();
            span.SetEndTime(what.Time.UtcDateTime);
        }
        finally
        {
            Activity.Current = around;
        }
    }
}
