using Spectre.Console;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Spectre's console over the output of a command.</summary>
internal static class TerminalConsole
{
    /// <param name="around">Where it goes.</param>
    /// <param name="wraps">False: long lines are left to the terminal, so that whoever copies them has them whole.</param>
    public static IAnsiConsole Of(Surroundings around, bool wraps = true)
    {
        var plain = around.Variable("TERM") == "dumb";
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Yes,
            ColorSystem = plain || around.Variable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Standard,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(around.Text),
        });
        console.Profile.Width = wraps ? around.Width : Surroundings.NoWidth;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }
}
