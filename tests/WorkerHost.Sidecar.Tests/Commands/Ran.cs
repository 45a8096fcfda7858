using System.Text;
using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>A command that was run in this process, and what it wrote.</summary>
internal sealed record Ran(int Code, byte[] Bytes, string Error)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string Output => Encoding.UTF8.GetString(Bytes);

    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<Ran> Async(params string[] arguments) => Async(new Given(), arguments);

    public static async Task<Ran> Async(Given given, params string[] arguments)
    {
        var output = new MemoryStream();
        var error = given.Error;
        var around = new Surroundings
        {
            Input = given.Input,
            Output = given.Output ?? output,
            Text = new StreamWriter(given.Output ?? output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" },
            Error = error,
            OutputIsTerminal = given.Terminal,
            ErrorIsTerminal = given.Terminal,
            Width = given.Terminal ? 100 : Surroundings.NoWidth,
            Variable = name => given.Environment.GetValueOrDefault(name),
            Time = given.Time,
        };
        var code = await Root.RunAsync(arguments, around, given.Token).WaitAsync(Patience);
        return new Ran(code, output.ToArray(), error.ToString());
    }
}

/// <summary>What a command finds around it.</summary>
internal sealed record Given
{
    public Stream Input { get; init; } = Stream.Null;

    public HeardText Error { get; } = new();

    /// <summary>Null: it is collected.</summary>
    public Stream? Output { get; init; }

    public bool Terminal { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Dictionary<string, string> Environment { get; init; } = [];

    public CancellationToken Token { get; init; } = TestContext.Current.CancellationToken;

    public static Given Lines(params string[] lines) => new() { Input = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(lines.Select(static l => l + "\n")))) };
}

/// <summary>Text that is written by others meanwhile.</summary>
internal sealed class HeardText : StringWriter
{
    private readonly Lock gate = new();

    public HeardText() => NewLine = "\n";

    public override void Write(char value)
    {
        lock (gate)
        {
            base.Write(value);
        }
    }

    public override void Write(char[] buffer, int index, int count)
    {
        lock (gate)
        {
            base.Write(buffer, index, count);
        }
    }

    public override void Write(string? value)
    {
        lock (gate)
        {
            base.Write(value);
        }
    }

    public override string ToString()
    {
        lock (gate)
        {
            return base.ToString();
        }
    }
}
