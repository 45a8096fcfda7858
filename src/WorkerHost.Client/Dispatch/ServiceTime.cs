using System.Runtime.CompilerServices;

namespace WorkerHost.Client;

/// <summary>How long handlers of one task name take, and how many tasks of it wait.</summary>
internal sealed class ServiceTime(string task)
{
    /// <summary>Before so many were seen nothing is said of the least they take.</summary>
    public const int EnoughSamples = 16;

    private double low;
    private int samples;

    /// <summary>The name as it goes on the wire, made once.</summary>
    public byte[] Utf8Name { get; } = System.Text.Encoding.UTF8.GetBytes(task);

    /// <summary>A moving average, weight 1/8 to the newest (as RFC 6298 does for round trips).</summary>
    public double Microseconds { get; private set; } = double.PositiveInfinity;

    public bool IsKnown => !double.IsPositiveInfinity(Microseconds);

    /// <summary>
    /// Microseconds that one takes at least, to reckon with where many wait; 0: not known. It falls half the way to a shorter
    /// time and rises a sixteenth of the way to a longer one, and so stays below the average of times that differ: a cold start or one
    /// large input does not make the others look long.
    /// </summary>
    public double AtLeast => samples < EnoughSamples ? 0 : low;

    /// <summary>In the queue, by level of their priority.</summary>
    public PerLevel Waiting;

    public void Observe(double microseconds)
    {
        // Handlers report whole microseconds: what is shorter still takes some time.
        var sample = Math.Max(microseconds, 0.5);
        Microseconds = IsKnown ? Microseconds + (sample - Microseconds) / 8 : sample;
        low = samples == 0 ? sample : low + (sample - low) * (sample < low ? 0.5 : 0.0625);
        samples += samples < EnoughSamples ? 1 : 0;
    }

    [InlineArray(TurnQueue.Levels)]
    public struct PerLevel
    {
        private int first;
    }
}
