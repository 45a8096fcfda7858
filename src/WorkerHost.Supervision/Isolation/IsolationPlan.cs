namespace WorkerHost.Supervision;

/// <summary>What a pool's isolation comes to on this host, everything looked up. Made of options that were checked.</summary>
internal sealed record IsolationPlan
{
    private const int DefaultOomScoreAdjust = 500;

    public required IsolationOptions Options { get; init; }

    public required HostFacts Host { get; init; }

    /// <summary>Null: the host's own.</summary>
    public UserAccount? Account { get; init; }

    /// <summary>What the worker's oom_score_adj becomes; null: left alone.</summary>
    public int? OomScore { get; init; }

    /// <summary>Null: workers have no control groups of their own.</summary>
    public ControlGroups? Groups { get; init; }

    /// <summary>A worker that cannot join its control group must not run.</summary>
    public bool MustJoin => Options is not { MemoryLimitBytes: null, CpuLimit: null, ContainDescendants: not true };

    public static IsolationPlan Make(IsolationOptions options, HostFacts host)
    {
        var account = options.User is null ? null : UserAccount.Find(options.User);
        return new IsolationPlan
        {
            Options = options,
            Host = host,
            Account = options.Group is null ? account : account! with { GroupId = UserAccount.FindGroup(options.Group)!.Value },
            OomScore = (options.OomScoreAdjust ?? DefaultOomScoreAdjust) is > 0 and var more && host.OomScore is { } own
                ? Math.Min(own + more, IsolationCheck.MostOomScore)
                : null,
            Groups = ControlGroups.For(options, host.ControlGroups, static (_, _) => { }),
        };
    }

    /// <summary>Nothing was asked for: what happens by default may also be left out.</summary>
    public bool IsByDefault => Options == new IsolationOptions { Launcher = Options.Launcher } && Options.Launcher.IsDefaultOrEmpty;
}
