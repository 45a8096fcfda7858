using System.CommandLine;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost submit</c>: one task, its result on stdout.</summary>
internal sealed class Submit : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.Pool("Which of the host's pools.");
    private readonly Argument<string> task = CommonArguments.Task();

    private readonly Argument<string[]> json = new("JSON")
    {
        Description = "The task's arguments, each a JSON value: 42, true, '\"a text\"', '{\"width\": 80}'. Behind -- where one begins with a dash.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> input = new("--input", "-i")
    {
        Description = "A file whose bytes are the task's one argument, in the place of JSON; - is stdin.",
        HelpName = "FILE",
    };

    private readonly Option<string> contentType = new("--content-type")
    {
        Description = "What --input is.",
        HelpName = "TYPE",
        DefaultValueFactory = static _ => ContentType.Bytes,
    };

    private readonly Option<bool> items = new("--items")
    {
        Description = "Write what a task yields one by one as it comes, each on a line.",
    };

    private readonly Option<string?> id = new("--id")
    {
        Description = "The task's id: the same id again is the same task, and has the same outcome.",
        HelpName = "ID",
    };

    private readonly TaskTerms terms = new();

    public Submit(Surroundings around)
        : base("submit", "Runs one task and writes its result.", around)
    {
        Add(pool);
        Add(task);
        Add(json);
        Add(input);
        Add(contentType);
        Add(items);
        Add(id);
        terms.AddTo(this);
        AddCommonOptions();
        Validators.Add(result =>
        {
            if (result.GetValue(input) is not null && result.GetValue(json) is { Length: > 0 })
            {
                result.AddError("a task takes either JSON arguments or the bytes of --input, not both");
            }

            foreach (var (argument, problem) in (result.GetValue(json) ?? []).Select(static a => (a, JsonProblem(a))).Where(static a => a.Item2 is not null))
            {
                result.AddError($"'{argument}' is no JSON value ({problem}); a text stands in quotes of its own: '\"{argument.Replace("\"", "\\\"", StringComparison.Ordinal)}\"'");
            }
        });
    }

    public IEnumerable<string> Examples =>
    [
        "workerhost submit images thumbnail '\"cat.jpg\"' 320",
        "workerhost submit images blur --input cat.jpg > blurred.jpg",
        "workerhost submit images thumbnail '\"cat.jpg\"' 320 --time-limit 5s --idempotent --output json",
    ];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = await RequestAsync(parsed, cancellationToken).ConfigureAwait(false);
        using var host = HostConnection.Data(Location(parsed));
        var status = new StatusLine(Around);
        try
        {
            using var call = host.Tasks().RunWithEvents(
                new RunWithEventsRequest { Task = request, CollectsItems = !parsed.GetValue(items) }, host.Headers, cancellationToken: cancellationToken);
            await foreach (var news in call.ResponseStream.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await TellAsync(parsed, news, request, status).ConfigureAwait(false);
            }

            return ExitCode.Done;
        }
        catch (RpcException e) when (FailureText.Sent(e) is { } failure && !cancellationToken.IsCancellationRequested)
        {
            status.Clear();
            return await FailedAsync(parsed, failure, request).ConfigureAwait(false);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            status.Clear();
            throw host.Refused(e);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            status.Clear();
            await Around.Error.WriteLineAsync($"workerhost: task {request.Task} was cancelled").ConfigureAwait(false);
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private async Task<RunRequest> RequestAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new RunRequest { Pool = parsed.GetValue(pool), Task = parsed.GetValue(task), Id = parsed.GetValue(id) ?? "" };
        terms.CopyTo(request, parsed);
        if (parsed.GetValue(input) is { } file)
        {
            using var source = InputFile.Open(file, Around);
            request.Payload = new Payload { ContentType = parsed.GetValue(contentType), Data = await ByteString.FromStreamAsync(source, cancellationToken).ConfigureAwait(false) };
        }
        else
        {
            request.Payload = new Payload { ContentType = ContentType.Json, Data = ByteString.CopyFromUtf8($"[{string.Join(',', parsed.GetValue(json) ?? [])}]") };
        }

        return request;
    }

    private async Task TellAsync(ParseResult parsed, RunWithEventsResponse news, RunRequest request, StatusLine status)
    {
        switch (news.EventCase)
        {
            case RunWithEventsResponse.EventOneofCase.Started:
                status.Show($"{request.Task} runs on {news.Started.Worker}{(news.Started.Attempt > 1 ? $", attempt {news.Started.Attempt}" : "")}");
                break;
            case RunWithEventsResponse.EventOneofCase.Progress:
                status.Show(string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{request.Task} {(double.IsNaN(news.Progress.Fraction) ? "" : $"{news.Progress.Fraction:0 %} ")}{Printable.Text(news.Progress.Message)}"));
                break;
            case RunWithEventsResponse.EventOneofCase.Item:
                status.Clear();
                await WriteAsync(news.Item, line: true).ConfigureAwait(false);
                break;
            case RunWithEventsResponse.EventOneofCase.Outcome:
                status.Clear();
                var outcome = news.Outcome;
                if (AsJson(parsed))
                {
                    await Around.Text.WriteLineAsync(OutcomeJson.Of(outcome)).ConfigureAwait(false);
                }
                else
                {
                    await WriteAsync(outcome.Result, line: OutcomeJson.IsJson(outcome.Result)).ConfigureAwait(false);
                }

                break;
            default:
                // An event that a newer host knows of; it has said what this program can tell.
                break;
        }
    }

    // What has no result has nothing to write, not even an empty line.
    private async Task WriteAsync(Payload? payload, bool line)
    {
        if (payload is not { Data.IsEmpty: false })
        {
            return;
        }

        await Around.Text.FlushAsync().ConfigureAwait(false);
        await Around.Output.WriteAsync(payload.Data.Memory).ConfigureAwait(false);
        if (line)
        {
            await Around.Output.WriteAsync("\n"u8.ToArray()).ConfigureAwait(false);
        }

        await Around.Output.FlushAsync().ConfigureAwait(false);
    }

    private async Task<int> FailedAsync(ParseResult parsed, V1.TaskFailure failure, RunRequest request)
    {
        if (failure.Task.Length == 0)
        {
            failure.Task = request.Task;
        }

        if (AsJson(parsed))
        {
            await Around.Text.WriteLineAsync($"{{\n  \"error\": {ContractJson.Document(failure).ReplaceLineEndings("\n  ")}\n}}").ConfigureAwait(false);
        }
        else
        {
            await Around.Error.WriteAsync("workerhost: ").ConfigureAwait(false);
            FailureText.Write(Around.Error, failure, request.Pool);
        }

        return FailureText.ExitCodeOf(failure);
    }

    private static string? JsonProblem(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return null;
        }
        catch (JsonException e)
        {
            return e.Message.Split(". ", 2)[0].TrimEnd('.');
        }
    }
}
