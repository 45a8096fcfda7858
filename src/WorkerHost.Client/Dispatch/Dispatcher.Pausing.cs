namespace WorkerHost.Client;

/// <summary>A pause: tasks are accepted and wait, and nothing is given to an endpoint.</summary>
internal sealed partial class Dispatcher
{
    public bool IsPaused { get; private set; }

    /// <summary>What runs goes on; what was sent ahead and has not begun is asked back.</summary>
    public void Pause()
    {
        IsPaused = true;
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Ahead > 0)
            {
                CallBackAhead(endpoint);
            }
        }
    }

    public void Resume(long now)
    {
        IsPaused = false;
        Dispatch(now);
    }
}
