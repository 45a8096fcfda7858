using System.Collections.Immutable;
using System.Text;

namespace WorkerHost;

/// <summary>No worker could be started: every slot's first boot failed. Everything that was begun is undone.</summary>
public sealed class WorkerStartException : Exception
{
    internal WorkerStartException(string pool, string command, ImmutableArray<DeathReport> deaths)
        : base(Text(pool, command, deaths))
    {
        Deaths = deaths;
    }

    /// <summary>The first death of each slot.</summary>
    public ImmutableArray<DeathReport> Deaths { get; }

    private static string Text(string pool, string command, ImmutableArray<DeathReport> deaths)
    {
        var text = new StringBuilder();
        text.Append($"no worker of pool '{pool}' could be started; the command was: {command}");

        // The slots run the same command and usually fail in the same way: say a thing once.
        foreach (var group in deaths.GroupBy(d => (d.Cause, d.Exit, d.Reason, string.Join('\n', d.LastOutput))))
        {
            var first = group.First();
            text.AppendLine().Append($"  {string.Join(", ", group.Select(d => d.Worker))}: {first.Cause} after {DurationText.Of(first.Uptime)}, {first.Exit}");
            if (first.Reason is not null)
            {
                text.Append($": {first.Reason}");
            }

            if (!first.BootSteps.IsDefaultOrEmpty)
            {
                text.Append("; steps reached: ").AppendJoin(", ", first.BootSteps);
            }

            if (first.LastOutput.IsDefaultOrEmpty)
            {
                text.Append(first.Pid == 0 ? "" : "; it wrote nothing to stderr");
                continue;
            }

            text.Append("; its last lines on stderr:");
            foreach (var line in first.LastOutput)
            {
                text.AppendLine().Append($"    {line}");
            }
        }

        return text.ToString();
    }
}
