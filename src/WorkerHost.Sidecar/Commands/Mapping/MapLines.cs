using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace WorkerHost.Sidecar.Commands.Mapping;

/// <summary>One line of the input that is not blank.</summary>
/// <param name="Line">Its number in the input, from 1.</param>
/// <param name="Index">Which item it is, from 0.</param>
/// <param name="Arguments">The task's arguments as a JSON array; null: there are none, see <paramref name="Problem"/>.</param>
/// <param name="EndsAt">How many bytes of the input are read with it.</param>
/// <param name="Problem">Why it is no item.</param>
internal readonly record struct MapLine(long Line, long Index, byte[]? Arguments, long EndsAt, string? Problem);

/// <summary>Reads JSON lines, one at a time and never more than one ahead.</summary>
/// <param name="spread">A line is an array with the arguments; else it is the one argument.</param>
/// <param name="longest">The longest line, in bytes.</param>
internal sealed class MapLines(bool spread, int longest)
{
    public async IAsyncEnumerable<MapLine> ReadAsync(Stream input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(input, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        long line = 0, index = 0, at = 0;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = read.Buffer;
            while (Next(ref buffer, read.IsCompleted, out var text, out var taken))
            {
                line++;
                at += taken;
                if (!IsBlank(text))
                {
                    yield return Item(text, line, index++, at);
                }
            }

            if (read.IsCompleted)
            {
                break;
            }

            if (buffer.Length > longest)
            {
                throw new CommandException(ExitCode.Failed, $"line {line + 1} of the input has more than {SizeText.Of(longest)}; that is the most the host takes in one task");
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }

        await reader.CompleteAsync().ConfigureAwait(false);
    }

    private static bool Next(ref ReadOnlySequence<byte> buffer, bool last, out ReadOnlySequence<byte> text, out long taken)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            text = buffer.Slice(0, end);
            taken = text.Length + 1;
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        text = buffer;
        taken = buffer.Length;
        if (!last || buffer.IsEmpty)
        {
            return false;
        }

        buffer = buffer.Slice(buffer.End);
        return true;
    }

    private static bool IsBlank(in ReadOnlySequence<byte> text)
    {
        foreach (var segment in text)
        {
            if (segment.Span.ContainsAnyExcept((byte)' ', (byte)'\t', (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }

    private MapLine Item(in ReadOnlySequence<byte> text, long line, long index, long endsAt)
    {
        try
        {
            var json = new Utf8JsonReader(text);
            json.Read();
            var first = json.TokenType;
            json.Skip();

            // What stands behind the value is no JSON either, and told as such.
            json.Read();
            return spread && first != JsonTokenType.StartArray
                ? new MapLine(line, index, null, endsAt, "it is no JSON array, as --spread wants it")
                : new MapLine(line, index, Arguments(text), endsAt, null);
        }
        catch (JsonException e)
        {
            return new MapLine(line, index, null, endsAt, $"it is no JSON: {e.Message.Split(". ", 2)[0].TrimEnd('.')}");
        }
    }

    private byte[] Arguments(in ReadOnlySequence<byte> text)
    {
        if (spread)
        {
            return text.ToArray();
        }

        var arguments = new byte[text.Length + 2];
        arguments[0] = (byte)'[';
        text.CopyTo(arguments.AsSpan(1));
        arguments[^1] = (byte)']';
        return arguments;
    }
}
