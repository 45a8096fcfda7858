namespace WorkerHost.Client;

/// <summary>How long handlers of one task name take: a moving average, weight 1/8 to the newest (as RFC 6298 does for round trips).</summary>
internal sealed class ServiceTime(string task)
{
    /// <summary>The name as it goes on the wire, made once.</summary>
    public byte[] Utf8Name { get; } = System.Text.Encoding.UTF8.GetBytes(task);

    public double Microseconds { get; private set; } = double.PositiveInfinity;

    public bool IsKnown => !double.IsPositiveInfinity(Microseconds);

    public void Observe(double microseconds)
    {
        // Handlers report whole microseconds: what is shorter still takes some time.
        var sample = Math.Max(microseconds, 0.5);
        Microseconds = IsKnown ? Microseconds + (sample - Microseconds) / 8 : sample;
    }
}
