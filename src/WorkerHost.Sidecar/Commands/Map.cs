using System.CommandLine;
using System.Globalization;
using WorkerHost.Client;
using WorkerHost.Sidecar.Commands.Mapping;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost map</c>: a task per line of the input, a line of output per result.</summary>
internal sealed class Map : HostCommand, IHasExamples
{
    // A line takes that much of the window or its own length; results are seldom larger than what they were made of.
    private const long WindowBytes = 64 * 1024 * 1024;
    private const int Longest = ProtocolLimits.DefaultMaxMessageBytes;

    private readonly Argument<string> pool = CommonArguments.Pool("Which of the host's pools.");
    private readonly Argument<string> task = CommonArguments.Task();

    private readonly Option<string> input = new("--input", "-i")
    {
        Description = "A file with one JSON value per line; blank lines do not count. - is stdin.",
        HelpName = "FILE",
        DefaultValueFactory = static _ => "-",
    };

    private readonly Option<bool> spread = new("--spread") { Description = "Each line is an array with the task's arguments; else it is the one argument." };
    private readonly Option<bool> unordered = new("--unordered") { Description = "Write each result as soon as its task has ended; else in the order of the lines." };

    private readonly Option<bool> keepGoing = new("--keep-going", "-k")
    {
        Description = "Write a line {\"index\":…,\"line\":…,\"error\":{…}} for what fails and go on; else the first failure ends it.",
    };

    private readonly Option<int?> buffer = CountOption.Create(
        "--buffer", "How many lines are read ahead of what is written, 1 or more, and at most 64 MiB of them. Default: 1000.");

    private readonly Option<bool> quiet = new("--quiet", "-q") { Description = "No progress bar, also where stderr is a terminal." };
    private readonly TaskTerms terms = new();

    public Map(Surroundings around)
        : base("map", "Runs a task for each line of JSON and writes the results as lines.", around)
    {
        Add(pool);
        Add(task);
        Add(input);
        Add(spread);
        Add(unordered);
        Add(keepGoing);
        Add(buffer);
        Add(quiet);
        terms.AddTo(this);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples =>
    [
        "workerhost map images thumbnail --input names.jsonl > thumbnails.jsonl",
        "seq 1000 | workerhost map numbers square",
        "printf '[1,2]\\n[3,4]\\n' | workerhost map numbers add --spread",
        "tail -f names.jsonl | workerhost map images thumbnail --unordered --keep-going --output json",
    ];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var location = Location(parsed);
        using var source = InputFile.Open(parsed.GetValue(input)!, Around);
        var progress = new MapProgress(source is FileStream { CanSeek: true } file ? file.Length : null, Around.Time);
        if (source == Around.Input && Around.InputIsTerminal)
        {
            await Around.Error.WriteLineAsync("one JSON value per line; Ctrl-D ends the input").ConfigureAwait(false);
        }

        var tasks = await ConnectAsync(location, parsed.GetValue(pool)!, cancellationToken).ConfigureAwait(false);
        await using (tasks.ConfigureAwait(false))
        {
            try
            {
                var run = new MapRun(
                    tasks, parsed.GetValue(task)!, terms.Of(parsed), !parsed.GetValue(unordered), new MapWindow(parsed.GetValue(buffer) ?? WorkerPool.DefaultMapBuffer, WindowBytes), progress);
                var lines = new MapLines(parsed.GetValue(spread), Longest).ReadAsync(source, cancellationToken);
                return await WriteAsync(parsed, run, lines, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                var (read, done, failed) = progress.Counts;
                await Around.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"workerhost: interrupted: {read} lines were read and {done} of them done{(failed > 0 ? $", {failed} with a failure" : "")}; the other {read - done} were cancelled")).ConfigureAwait(false);
                throw;
            }
            finally
            {
                await tasks.StopAsync(StopMode.CancelAll, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task<int> WriteAsync(ParseResult parsed, MapRun run, IAsyncEnumerable<MapLine> lines, MapProgress progress, CancellationToken cancellationToken)
    {
        var output = new MapOutput(Around.Output, parsed.GetValue(task)!, AsJson(parsed));
        using var bar = new MapBar(progress, Around, parsed.GetValue(quiet));
        var code = ExitCode.Done;
        try
        {
            await foreach (var outcome in run.RunAsync(lines, cancellationToken).ConfigureAwait(false))
            {
                progress.Done(outcome.Line.EndsAt, outcome.Failure is not null);
                if (outcome.Failure is { } failure)
                {
                    code = ExitCode.Failed;
                    if (!parsed.GetValue(keepGoing))
                    {
                        throw Stopped(parsed, outcome, failure);
                    }
                }

                output.Add(outcome);
                if (output.IsFull || !run.MoreIsThere)
                {
                    await bar.AboveAsync(() => output.FlushAsync(cancellationToken)).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (!output.IsEmpty)
            {
                await bar.AboveAsync(() => output.FlushAsync(CancellationToken.None)).ConfigureAwait(false);
            }
        }

        bar.End(always: code != ExitCode.Done);
        return code;
    }

    private CommandException Stopped(ParseResult parsed, in MapOutcome outcome, TaskFailure failure)
    {
        var text = new StringWriter { NewLine = "\n" };
        var message = FailureMessage.Of(failure, outcome.TaskId, parsed.GetValue(task)!);
        FailureText.Write(text, message, parsed.GetValue(pool)!);
        return new CommandException(FailureText.ExitCodeOf(message), string.Create(
            CultureInfo.InvariantCulture,
            $"line {outcome.Line.Line} of the input: {text.ToString().TrimEnd()}\n  it ends here; with --keep-going what fails is a line of the output"));
    }

    private static async Task<WorkerPool> ConnectAsync(HostLocation location, string pool, CancellationToken cancellationToken)
    {
        using var host = HostConnection.Data(location);
        var options = new WorkerPoolOptions { Name = "workerhost-map", CancelGrace = TimeSpan.FromSeconds(1), DrainTimeout = TimeSpan.Zero };
        try
        {
            // What is wrong with the name or the token is told at once, and plainly.
            await host.Tasks().DescribeAsync(new V1.DescribeRequest { Pool = pool }, host.Headers, cancellationToken: cancellationToken).ConfigureAwait(false);
            return await WorkerPool.ConnectAsync(new EndpointAddress(host.Address) { Secret = host.Secret, Pool = pool, Tls = host.Tls }, options, cancellationToken).ConfigureAwait(false);
        }
        catch (Grpc.Core.RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw host.Refused(e);
        }
        catch (IOException e)
        {
            throw host.Unreachable(e);
        }
    }
}
