using System.Globalization;

namespace WorkerHost.Simulation.Tests;

/// <summary>What happened in a schedule, to be read when it is replayed; otherwise there is none.</summary>
internal sealed class Story(Agenda agenda)
{
    public List<string> Lines { get; } = [];

    public void Tell(string what) => Lines.Add(string.Create(CultureInfo.InvariantCulture, $"{agenda.Now / (double)TimeSpan.TicksPerMillisecond,12:0.000} ms  {what}"));
}
