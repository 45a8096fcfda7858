namespace WorkerHost.Client;

/// <summary>The pause of a pool.</summary>
internal sealed partial class DispatchLoop
{
    public bool IsPaused
    {
        get
        {
            lock (gate)
            {
                return dispatcher.IsPaused;
            }
        }
    }

    public void Pause() => Do(static d => d.Pause());

    public void Resume() => Do(d => d.Resume(Now));
}
