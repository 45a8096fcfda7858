using Spectre.Console;

namespace WorkerHost.Sidecar.Commands;

/// <summary>A table: with colours and lines on a terminal, else columns that grep and awk can read.</summary>
internal sealed class TextTable(params string[] columns)
{
    private readonly List<Cell[]> rows = [];

    public bool IsEmpty => rows.Count == 0;

    public void Add(params Cell[] row) => rows.Add(row);

    public void Write(Surroundings around)
    {
        if (around.OutputIsTerminal)
        {
            WriteToTerminal(around);
        }
        else
        {
            WritePlain(around.Text);
        }
    }

    private void WriteToTerminal(Surroundings around)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var name in columns)
        {
            table.AddColumn(new TableColumn(new Text(name, new Style(decoration: Decoration.Bold))) { NoWrap = false });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(static cell => new Text(Printable.Text(cell.Text), new Style(cell.Colour))));
        }

        TerminalConsole.Of(around).Write(table);
    }

    private void WritePlain(TextWriter text)
    {
        var widths = columns.Select((name, i) => Math.Max(name.Length, rows.Select(row => row[i].Text.Length).DefaultIfEmpty().Max())).ToArray();
        WriteLine(columns);
        foreach (var row in rows)
        {
            WriteLine(row.Select(static cell => Printable.Text(cell.Text)));
        }

        void WriteLine(IEnumerable<string> cells) => text.WriteLine(string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    /// <param name="Text">One line.</param>
    /// <param name="Colour">On a terminal; null: the terminal's own.</param>
    internal readonly record struct Cell(string Text, Color? Colour = null)
    {
        public static implicit operator Cell(string text) => new(text);
    }
}
