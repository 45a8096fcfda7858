using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

public sealed class TextTableTests
{
    private static string Written(bool terminal)
    {
        var table = new TextTable("WORKER", "STATE", "NOTE");
        table.Add("images/0#1", new("ready", Spectre.Console.Color.Green), "");
        table.Add("images/1#12", new("backing off", Spectre.Console.Color.Red), "it said \e[2J [red]boo[/]");
        var text = new StringWriter { NewLine = "\n" };
        table.Write(new Surroundings
        {
            Input = Stream.Null,
            Output = Stream.Null,
            Text = text,
            Error = TextWriter.Null,
            OutputIsTerminal = terminal,
            Width = 100,
            Variable = static _ => null,
        });
        return text.ToString();
    }

    [Fact]
    public void Redirected_it_is_columns_and_nothing_else() => Assert.Equal(
        """
        WORKER       STATE        NOTE
        images/0#1   ready
        images/1#12  backing off  it said �[2J [red]boo[/]

        """.ReplaceLineEndings("\n"),
        Written(terminal: false));

    [Fact]
    public void On_a_terminal_it_has_colours_of_ours_and_none_of_others()
    {
        var text = Written(terminal: true);

        Assert.Contains("\e[32mready", text, StringComparison.Ordinal);
        Assert.Contains("[red]boo[/]", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[2J", text, StringComparison.Ordinal);
    }
}
