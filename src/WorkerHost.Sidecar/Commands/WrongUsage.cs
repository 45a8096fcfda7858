using System.CommandLine;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Says what is wrong with a command line, what was probably meant, and where the help is.</summary>
internal static class WrongUsage
{
    /// <summary>As the command of a pool it is wrong until the configuration is another one, and its supervisor knows a code for that.</summary>
    public static int Code => WorkerApplication.IsWorker ? WorkerExitCode.Misconfigured : ExitCode.Usage;

    public static async Task TellAsync(ParseResult parsed, TextWriter error)
    {
        var command = parsed.CommandResult.Command;
        var names = NamesIn(command).ToList();

        // What stands behind a command that is none may be meant for the one that is.
        var unmatched = command.Subcommands.Count > 0 ? parsed.UnmatchedTokens.Take(1) : parsed.UnmatchedTokens;
        foreach (var token in unmatched)
        {
            var meant = names.Select(name => (Name: name, Distance: Distance(token, name))).OrderBy(static n => n.Distance).FirstOrDefault();
            await error.WriteLineAsync($"workerhost: '{token}' is {Kind(token, command)}{(meant.Name is not null && meant.Distance <= Math.Max(2, token.Length / 3) ? $"; did you mean {meant.Name}?" : "")}").ConfigureAwait(false);
        }

        // Of what could not be matched enough is said.
        foreach (var message in parsed.Errors.Where(_ => parsed.UnmatchedTokens.Count == 0).Select(static e => e.Message).Distinct())
        {
            await error.WriteLineAsync($"workerhost: {message}").ConfigureAwait(false);
        }

        await error.WriteLineAsync($"see: {Root.PathOf(command)} --help").ConfigureAwait(false);
    }

    private static string Kind(string token, Command command) =>
        token.StartsWith('-') ? $"no option of {Root.PathOf(command)}"
        : command.Subcommands.Count > 0 ? "no command"
        : $"one argument too many for {Root.PathOf(command)}";

    private static IEnumerable<string> NamesIn(Command command) => command.Subcommands.Select(static c => c.Name).Concat(command.Options.SelectMany(static o => o.Aliases.Prepend(o.Name)));

    // Letters to put in, leave out, change, or swap with the next.
    private static int Distance(string one, string other)
    {
        var steps = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    steps[i, j] = i + j;
                    continue;
                }

                var same = one[i - 1] == other[j - 1] ? 0 : 1;
                steps[i, j] = Math.Min(Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1, steps[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
                }
            }
        }

        return steps[one.Length, other.Length];
    }
}
