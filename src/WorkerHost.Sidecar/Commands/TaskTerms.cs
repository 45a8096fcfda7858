using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using WorkerHost.Hosting;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary>The options that say how a task is to be treated.</summary>
internal sealed class TaskTerms
{
    private const string Priorities = "lowest, low, normal, high, highest";

    private readonly Option<TimeSpan?> timeLimit = DurationOption.Create("--time-limit", "How long the task may take, waiting and all attempts together: 500ms, 30s, 5m. Then it is stopped. Default: no limit.", mayBeZero: false);

    private readonly Option<TaskPriority> priority = new("--priority")
    {
        Description = $"Which of the waiting tasks goes first: {Priorities}.",
        HelpName = "PRIORITY",
        DefaultValueFactory = static _ => TaskPriority.Normal,
        CustomParser = static result =>
        {
            if (SettingText.Parse(result.Tokens[0].Value, typeof(TaskPriority), bytes: false) is TaskPriority found)
            {
                return found;
            }

            result.AddError($"--priority '{result.Tokens[0].Value}' is no priority; allowed: {Priorities}");
            return TaskPriority.Normal;
        },
    };

    private readonly Option<bool> idempotent = new("--idempotent") { Description = "Running it twice does no harm: it is tried again when its worker died." };

    private readonly Option<int?> attempts = CountOption.Create("--attempts", "Attempts in all, 1 or more. Default: the pool's setting.");

    private readonly Option<string?> affinityKey = new("--affinity-key") { Description = "Tasks with the same key prefer the same worker.", HelpName = "KEY" };

    private readonly Option<string[]> headers = new("--header")
    {
        Description = "Handed to the handler; as often as needed.",
        HelpName = "NAME=VALUE",
    };

    public TaskTerms()
    {
        headers.Validators.Add(static result =>
        {
            foreach (var text in result.Tokens.Select(static t => t.Value).Where(static t => t.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                result.AddError($"--header '{text}' has no name; allowed: NAME=VALUE");
            }
        });
    }

    public void AddTo(Command command)
    {
        command.Add(timeLimit);
        command.Add(priority);
        command.Add(idempotent);
        command.Add(attempts);
        command.Add(affinityKey);
        command.Add(headers);
    }

    public void CopyTo(RunRequest request, ParseResult parsed)
    {
        var options = Of(parsed);
        request.TimeLimit = options.TimeLimit is { } limit ? Duration.FromTimeSpan(limit) : null;
        request.Priority = (int)options.Priority;
        request.Idempotent = options.Idempotent;
        request.MaxAttempts = (uint)(options.Attempts ?? 0);
        request.AffinityKey = options.AffinityKey ?? "";
        foreach (var (name, value) in options.Headers ?? new Dictionary<string, string>())
        {
            request.Headers[name] = value;
        }
    }

    public TaskOptions Of(ParseResult parsed) => new()
    {
        TimeLimit = parsed.GetValue(timeLimit),
        Priority = parsed.GetValue(priority),
        Idempotent = parsed.GetValue(idempotent),
        Attempts = parsed.GetValue(attempts),
        AffinityKey = parsed.GetValue(affinityKey),
        Headers = parsed.GetValue(headers) is { Length: > 0 } pairs
            ? pairs.Select(static p => p.Split('=', 2)).GroupBy(static p => p[0], StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Last()[1])
            : null,
    };
}
