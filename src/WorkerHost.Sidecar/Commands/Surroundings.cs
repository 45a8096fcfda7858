using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Sidecar.Commands;

/// <summary>What a command finds around it: the standard streams, whether a person looks at them, the environment, the clock.</summary>
internal sealed class Surroundings
{
    /// <summary>Wide enough that nothing is cut: for what no terminal shows.</summary>
    public const int NoWidth = 100_000;

    public required Stream Input { get; init; }

    /// <summary>For bytes as they are; what <see cref="Text"/> has not written yet comes later.</summary>
    public required Stream Output { get; init; }

    /// <summary>For people or scripts; the caller flushes it.</summary>
    public required TextWriter Text { get; init; }

    /// <summary>For what is wrong and how far it is; flushes by itself.</summary>
    public required TextWriter Error { get; init; }

    public bool InputIsTerminal { get; init; }

    public bool OutputIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>In characters; of no account where there is no terminal.</summary>
    public int Width { get; init; } = NoWidth;

    /// <summary>A variable of the environment; null or empty: not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess()
    {
        var output = StandardOutput();
        var isTerminal = !Console.IsOutputRedirected;
        return new Surroundings
        {
            Input = StandardInput(),
            Output = output,
            Text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" },
            Error = Console.Error,
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = isTerminal,
            ErrorIsTerminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
            Width = isTerminal || !Console.IsErrorRedirected ? WidthOfTerminal() : NoWidth,
            Variable = Environment.GetEnvironmentVariable,
        };
    }

    // Of a file it is known how long it is.
    private static Stream StandardInput()
    {
        if (!OperatingSystem.IsWindows() && Console.IsInputRedirected)
        {
            var stream = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
            if (stream.CanSeek)
            {
                return stream;
            }
        }

        return Console.OpenStandardInput();
    }

    // The console's own stream hides that whoever read it has left: a command in a pipe would go on for ever, for nobody. Into a file that
    // others write, too, it is the one that goes on where they have ended.
    private static Stream StandardOutput()
    {
        if (!OperatingSystem.IsWindows())
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!stream.CanSeek)
            {
                return stream;
            }
        }

        return Console.OpenStandardOutput();
    }

    private static int WidthOfTerminal()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }
}
