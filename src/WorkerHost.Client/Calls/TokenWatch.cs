namespace WorkerHost.Client;

/// <summary>
/// A caller's token, heeded for as long as his call lasts. The call may end on one thread while it is tied to the token on another: whoever comes
/// second unties them, for a token may outlive a million calls. Thread-safe; a field of its call, never copied.
/// </summary>
internal struct TokenWatch
{
    private const int Tied = 1;
    private const int Over = 2;

    private CancellationTokenRegistration registration;
    private int state;

    /// <summary>Called once, when the call has begun; it may have ended since.</summary>
    public void Begin(CancellationToken token, Action<object?> cancelled, object call)
    {
        if (!token.CanBeCanceled)
        {
            return;
        }

        registration = token.UnsafeRegister(cancelled, call);
        if (Interlocked.CompareExchange(ref state, Tied, 0) == Over)
        {
            registration.Unregister();
        }
    }

    /// <summary>The call has ended.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref state, Over) == Tied)
        {
            registration.Unregister();
        }
    }
}
