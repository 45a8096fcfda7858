namespace WorkerHost.Sidecar.Hosting;

/// <summary>Whether a pool can be counted on, from its supervisor.</summary>
/// <param name="IsReady">Enough of its workers take tasks.</param>
/// <param name="IsCrashLooping">A slot of it has had so many deaths without use that it is only probed.</param>
internal readonly record struct PoolState(bool IsReady, bool IsCrashLooping)
{
    /// <summary>As it is now.</summary>
    public static PoolState Of(HostedPool hosted) => new(
        hosted.Pool.Source is not IWorkersView { Readiness.IsReady: false },
        hosted.Pool.Source is Supervisor supervisor && supervisor.Workers.Any(static worker => worker.State == SlotState.CrashLooping));

    /// <summary>
    /// Tells how a pool is, and again whenever that may have changed, by the events of its supervisor. Returns when the supervisor has stopped, and
    /// at once for a pool whose workers are somebody else's.
    /// </summary>
    /// <param name="hosted">The pool.</param>
    /// <param name="tell">On any thread, one call at a time; it may be told the same again.</param>
    /// <param name="cancellationToken">Nobody wants to know any more.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task FollowAsync(HostedPool hosted, Action<PoolState> tell, CancellationToken cancellationToken)
    {
        if (hosted.Pool.Source is not Supervisor supervisor)
        {
            return;
        }

        while (true)
        {
            try
            {
                // First the events, then the look: what happens in between is seen twice, and nothing is missed.
                var events = supervisor.WatchAsync(null, cancellationToken);
                var state = Of(hosted);
                tell(state);
                await foreach (var e in events.ConfigureAwait(false))
                {
                    var next = e switch
                    {
                        SupervisorEvent.ReadinessChanged { Readiness: var readiness } => state with { IsReady = readiness.IsReady },
                        SupervisorEvent.BreakerOpened => state with { IsCrashLooping = true },
                        SupervisorEvent.BreakerClosed => state with { IsCrashLooping = Of(hosted).IsCrashLooping },
                        _ => state,
                    };
                    if (next != state)
                    {
                        tell(state = next);
                    }
                }

                tell(state with { IsReady = false });
                return;
            }
            catch (EventsLostException)
            {
                // Passed by: look again.
            }
        }
    }
}
