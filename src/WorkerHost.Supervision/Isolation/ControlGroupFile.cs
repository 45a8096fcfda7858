using System.Globalization;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>Reads and writes the files by which the kernel is told about control groups.</summary>
internal static class ControlGroupFile
{
    /// <summary>In one write, as the kernel wants it; never makes a file.</summary>
    public static void Write(string path, string value)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(value), 0);
    }

    public static bool TryWrite(string path, string value)
    {
        try
        {
            Write(path, value);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The number in the line <c>NAME NUMBER</c>; null where there is none.</summary>
    public static long? Count(string path, string name)
    {
        try
        {
            return File.ReadLines(path).Select(l => l.Split(' ')).FirstOrDefault(l => l.Length == 2 && l[0] == name) is [_, var number]
                && long.TryParse(number, CultureInfo.InvariantCulture, out var count) ? count : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static string[] Words(string path)
    {
        try
        {
            return File.ReadAllText(path).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
