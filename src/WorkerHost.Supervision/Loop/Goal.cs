namespace WorkerHost.Supervision;

/// <summary>What somebody waits for: a state of the crew that will be reached, or will not be.</summary>
/// <param name="reached">Whether it is there.</param>
/// <param name="missed">Whether it will not come any more, because of the last death.</param>
/// <param name="names">What settings are called where it is told that it is missed.</param>
internal sealed class Goal(Func<Crew, bool> reached, Func<Crew, bool>? missed = null, SettingNames? names = null)
{
    private readonly TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => waiter.Task;

    /// <summary>Nobody waits for it any more.</summary>
    public void Forget() => waiter.TrySetCanceled();

    /// <summary>True: whoever waits has been told, or has gone.</summary>
    public bool IsSettled(Crew crew, DeathReport? lastDeath)
    {
        if (waiter.Task.IsCompleted)
        {
            return true;
        }

        if (missed?.Invoke(crew) == true)
        {
            return waiter.TrySetException(new WorkerRestartException(crew.Serving, lastDeath!, names ?? SettingNames.Members));
        }

        return reached(crew) && waiter.TrySetResult();
    }

    public void GiveUp() => waiter.TrySetException(new ObjectDisposedException(nameof(Supervisor), "the supervisor has stopped"));
}
