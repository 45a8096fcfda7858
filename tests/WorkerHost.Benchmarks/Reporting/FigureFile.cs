using System.Text.Json;

namespace WorkerHost.Benchmarks;

/// <summary>A line of JSON per figure.</summary>
internal static class FigureFile
{
    public static void Write(string path, IReadOnlyList<Figure> figures)
    {
        using var file = File.CreateText(path);
        foreach (var figure in figures)
        {
            file.WriteLine(JsonSerializer.Serialize(
                new { name = figure.Name, value = Round(figure.Value), unit = figure.Unit, min = Round(figure.Min), max = Round(figure.Max), rounds = figure.Rounds }));
        }
    }

    private static double Round(double value) => Math.Round(value, 3);
}
