using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Google.Protobuf;
using WorkerHost.Supervision;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Programs;

/// <summary>
/// A task that is one run of a program: the arguments are on its stdin as a JSON array, its stdout is the result. Everything it starts goes with it: at its own
/// end, at a cancellation, and when this worker is gone, however that ends.
/// </summary>
internal sealed class ProgramHandler(string name, WorkerCommand program, TimeSpan stopGrace) : TaskHandler(name, [ContentType.Json])
{
    /// <summary>What a pipe keeps for a process that has not begun to read.</summary>
    private const int MostInPipe = 32 * 1024;

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        if (!IsJson(run.ContentType))
        {
            throw UnknownContentType(run.ContentType);
        }

        RequireArray(run.Payload);
        var input = run.Payload.Length > MostInPipe ? WriteInput(run.Payload) : null;
        try
        {
            var process = new ProgramRun(run.MaxResultBytes);
            var facts = RunToItsEnd(process, Request(run, input), cancellationToken);
            return Judge(process, facts, run.MaxResultBytes, cancellationToken);
        }
        finally
        {
            if (input is not null)
            {
                File.Delete(input);
            }
        }
    }

    private ExitFacts RunToItsEnd(ProgramRun process, SpawnRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var child = SpawnThread.Shared.SpawnAsync(request, process).GetAwaiter().GetResult();
            child.CloseLifeline();
            process.Follow(child);
        }
        catch (SpawnException e)
        {
            throw new ProgramFailedException($"'{program.FileName}' could not be started: {e.Message}", e);
        }

        using var stop = cancellationToken.UnsafeRegister(static state => ((ProgramRun)state!).Signal(SignalNames.Terminate), process);
        while (true)
        {
            try
            {
                return process.Ended.WaitAsync(cancellationToken).GetAwaiter().GetResult();
            }
            catch (OperationCanceledException) when (!process.Ended.IsCompleted)
            {
                if (!process.Ended.Wait(stopGrace, CancellationToken.None))
                {
                    process.Signal(SignalNames.Kill);
                }

                return process.Ended.GetAwaiter().GetResult();
            }
            catch (OperationCanceledException)
            {
                // Both at once: its end counts.
            }
        }
    }

    private TaskResult Judge(ProgramRun process, ExitFacts facts, int limit, CancellationToken cancellationToken)
    {
        var errors = process.LastLines;
        foreach (var line in errors)
        {
            // For the log of the host, as what any worker writes.
            Console.Error.WriteLine(line);
        }

        if (process.WroteTooMuch)
        {
            throw new ProgramFailedException($"'{program.FileName}' wrote more than {limit} bytes to stdout (MaxMessageBytes of the pool's options) and was killed");
        }

        var said = errors.Length == 0 ? "" : ":\n" + string.Join('\n', errors);
        switch (facts)
        {
            case { ExitCode: 0 }:
                return Result(process.Stdout);
            case { ExitCode: WorkerExitCode.Recycle }:
                throw new RetryableTaskException($"'{program.FileName}' exited with {WorkerExitCode.Recycle}, \"try again later\"{said}");
            case { ExitCode: { } code }:
                cancellationToken.ThrowIfCancellationRequested();
                throw new ProgramFailedException(string.Create(CultureInfo.InvariantCulture, $"'{program.FileName}' exited with {code}{said}"));
            case { Signal: { } signal }:
                cancellationToken.ThrowIfCancellationRequested();
                throw new ProgramFailedException($"'{program.FileName}' was ended by {SignalNames.Name(signal)}{said}");
            default:
                throw new ProgramFailedException($"how '{program.FileName}' ended is not known: {facts.Problem}");
        }
    }

    private TaskResult Result(ReadOnlyMemory<byte> stdout)
    {
        var text = stdout.Span.Trim(" \t\r\n"u8);
        if (text.IsEmpty)
        {
            return TaskResult.Nothing;
        }

        // The reader looks at what is inside of strings only when somebody asks for it.
        if (!Utf8.IsValid(text))
        {
            throw new ProgramFailedException($"what '{program.FileName}' wrote to stdout is no JSON value: it is not UTF-8");
        }

        try
        {
            var reader = new Utf8JsonReader(text);
            reader.Read();
            reader.Skip();
            if (reader.Read())
            {
                throw new JsonException("there is more behind the first value");
            }
        }
        catch (JsonException e)
        {
            throw new ProgramFailedException($"what '{program.FileName}' wrote to stdout is no JSON value: {e.Message}", e);
        }

        return new TaskResult(ByteString.CopyFrom(text), ContentType.Json);
    }

    private SpawnRequest Request(TaskRun run, string? input)
    {
        // At every start, as a supervisor does: programs are replaced under running hosts.
        var path = CommandResolver.Resolve(program, Environment.GetEnvironmentVariable("PATH")).Path;
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(static e => (string)e.Key, static e => (string?)e.Value ?? "", StringComparer.Ordinal);
        variables["WORKERHOST_TASK"] = run.Task;
        variables["WORKERHOST_TASK_ID"] = run.Id;
        variables["WORKERHOST_ATTEMPT"] = run.Attempt.ToString(CultureInfo.InvariantCulture);
        return new SpawnRequest
        {
            // A payload that is larger than a pipe is a file, which a shell opens as stdin before it becomes the program.
            Executable = input is null ? path : "/bin/sh",
            Arguments = input is null ? [program.FileName, .. program.Arguments] : ["sh", "-c", "input=$1; shift; exec \"$@\" < \"$input\"", "sh", input, path, .. program.Arguments],
            Environment = [.. variables.Where(static v => !v.Value.Contains('\0')).Select(static v => $"{v.Key}={v.Value}")],
            FirstInput = input is null ? run.Payload.Memory : default,
        };
    }

    private static string WriteInput(ByteString payload)
    {
        // Made by the system with a name of its own, for its owner only.
        var path = Path.GetTempFileName();
        using var stream = File.OpenWrite(path);
        payload.WriteTo(stream);
        return path;
    }

    private void RequireArray(ByteString payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload.Span);
            if (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
            {
                reader.Skip();
                if (!reader.Read())
                {
                    return;
                }
            }
        }
        catch (JsonException e)
        {
            throw new BadInputException($"task \"{Name}\" takes a JSON array; the payload could not be read: {e.Message}", e);
        }

        throw new BadInputException($"task \"{Name}\" takes a JSON array; the payload is not one");
    }
}
