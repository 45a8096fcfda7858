using System.CommandLine;
using System.Text;
using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>The part of the page that is made of the commands themselves.</summary>
internal static class CommandPage
{
    public static string Commands()
    {
        var text = new StringBuilder();
        foreach (var command in Leaves(Root.Create()))
        {
            text.Append($"\n### {Usage(command)}\n\n{command.Description}\n");
            var rows = command.Arguments.Select(static a => (Name: a.HelpName ?? a.Name, a.Description))
                .Concat(command.Options.Where(static o => !Common.Contains(o.Name)).Select(static o => (Name: Label(o), o.Description)))
                .ToList();
            if (rows.Count > 0)
            {
                text.Append("\n| | |\n|---|---|\n");
                foreach (var (name, description) in rows)
                {
                    text.Append($"| `{name.Replace("|", "\\|", StringComparison.Ordinal)}` | {description!.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
                }
            }

            if (command is IHasExamples examples)
            {
                text.Append($"\n```sh\n{string.Join('\n', examples.Examples)}\n```\n");
            }
        }

        return text.ToString();
    }

    public static string CommonOptions()
    {
        var options = new Workers(Surroundings.OfProcess()).Options.Where(static o => Common.Contains(o.Name));
        return "| | |\n|---|---|\n" + string.Concat(options.Select(static o => $"| `{Label(o).Replace("|", "\\|", StringComparison.Ordinal)}` | {o.Description} |\n"));
    }

    public static string ExitCodes() =>
        "| | |\n|---|---|\n" + string.Concat(ExitCode.All.Select(static code => $"| {code.Code} | {code.Meaning} |\n"));

    private static readonly HashSet<string> Common = ["--host", "--endpoint-file", "--token-file", "--output"];

    private static IEnumerable<Command> Leaves(Command command) => command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    private static string Usage(Command command) => string.Join(' ', command.Arguments.Select(static a =>
            a.Arity.MinimumNumberOfValues > 0 ? a.Name : a.Arity.MaximumNumberOfValues > 1 ? $"[{a.Name}…]" : $"[{a.Name}]")
        .Prepend(Root.PathOf(command)["workerhost ".Length..]));

    private static string Label(Option option) => string.Join(", ", option.Aliases.Prepend(option.Name)) + (option.HelpName is { } value ? $" {value}" : "");
}
