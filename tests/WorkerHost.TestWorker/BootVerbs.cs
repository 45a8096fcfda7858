using System.Globalization;

namespace WorkerHost.TestWorker;

/// <summary>
/// <c>--exit-at-boot CODE</c>, <c>--slow-boot-ms N</c>, <c>--never-ready</c>, <c>--die-after-ready-ms N</c> (SIGKILL of itself),
/// <c>--garbage-on-stdout</c>, <c>--print-at-boot TEXT</c> (stderr), <c>--boots-with PATH</c> (exits with 3 where the file is
/// missing), <c>--first-boots PATH</c> (the first to make the file boots, the others wait for PATH.go).
/// </summary>
internal static class BootVerbs
{
    /// <summary>An exit code: leave at once.</summary>
    public static int? Run(IReadOnlyList<string> arguments)
    {
        if (Value(arguments, "--print-at-boot") is { } text)
        {
            Console.Error.WriteLine(text);
        }

        if (arguments.Contains("--garbage-on-stdout"))
        {
            OutputTasks.Garbage(Console.OpenStandardOutput());
        }

        if (Value(arguments, "--exit-at-boot") is { } code)
        {
            return Number(code);
        }

        if (Value(arguments, "--slow-boot-ms") is { } slow)
        {
            Thread.Sleep(Number(slow));
        }

        if (Value(arguments, "--boots-with") is { } needed && !File.Exists(needed))
        {
            Console.Error.WriteLine($"cannot boot without {needed}");
            return 3;
        }

        if (Value(arguments, "--first-boots") is { } first && !IsFirst(first))
        {
            while (!File.Exists($"{first}.go"))
            {
                Thread.Sleep(1);
            }
        }

        if (arguments.Contains("--never-ready"))
        {
            Thread.Sleep(Timeout.Infinite);
        }

        if (Value(arguments, "--die-after-ready-ms") is { } die)
        {
            // Ready comes about a tenth of a second after this; what matters is that it dies for ever, soon after.
            new Thread(() =>
            {
                Thread.Sleep(250 + Number(die));
                DyingTasks.Signal(DyingTasks.SIGKILL);
            })
            { IsBackground = true }.Start();
        }

        return null;
    }

    private static bool IsFirst(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string? Value(IReadOnlyList<string> arguments, string name)
    {
        for (var i = 0; i + 1 < arguments.Count; i++)
        {
            if (arguments[i] == name)
            {
                return arguments[i + 1];
            }
        }

        return null;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
