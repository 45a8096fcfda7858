namespace WorkerHost;

/// <summary>What a supervisor may still say on a worker's lifeline after the launch line, in lines. Workers ignore what they do not know.</summary>
internal static class LifelineWords
{
    /// <summary>
    /// The last line before the end: this end is a planned replacement, so the work in hand may take as long as it takes. Without it the
    /// supervisor is stopping, or is gone.
    /// </summary>
    public static ReadOnlySpan<byte> LeaveInYourOwnTime => "leave-in-your-own-time\n"u8;
}
