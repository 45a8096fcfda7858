using System.Text.RegularExpressions;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>Messages of a host call settings as its users do.</summary>
public sealed partial class HostSettingNamesTests
{
    [Theory]
    [InlineData("WorkerPoolOptions.QueueCapacity", "pools:images:queueCapacity")]
    [InlineData("SupervisorOptions.ReadyAtLeast", "pools:images:supervision:readyAtLeast")]
    [InlineData("Liveness.DeadAfter", "pools:images:supervision:liveness:deadAfter")]
    [InlineData("WorkerCommand.WorkingDirectory", "pools:images:command:workingDirectory")]
    [InlineData("TaskOptions.TimeLimit", "time_limit")]
    [InlineData("TaskOptions.Idempotent", "idempotent")]
    [InlineData("TaskOptions.Attempts", "max_attempts")]
    [InlineData("Supervisor.ScaleAsync", "workerhost scale images")]
    public void A_member_is_a_key_a_field_or_a_command(string member, string name) => Assert.Equal(name, HostSettingNames.Of("images")[member]);

    [Fact]
    public void Whatever_messages_name_is_a_setting_a_field_or_a_command_of_a_host()
    {
        var named = Sources().SelectMany(static text => Named().Matches(text)).Select(static match => match.Groups[1].Value).Distinct().ToList();
        Assert.InRange(named.Count, 15, 100);
        var names = HostSettingNames.Of("images");
        Assert.All(named, member =>
        {
            var keys = HostSettingNames.KeysOf("images", member);
            Assert.True(keys.IsEmpty ? names[member] != member : SettingsCatalog.Find(keys).Kind != SettingKind.Unknown, $"{member} is {names[member]}, which a host does not have");
        });
    }

    [Fact]
    public void No_message_names_an_option_by_its_member_alone()
    {
        // What only a .NET program can have set, or is told before there is a pool.
        string[] allowed = ["TaskOptions.Progress", "TaskOptions.AttemptPipeline", "WorkerPoolOptions.AttemptPipelines", "TaskOptions must", "SupervisorOptions.Isolation", "SupervisorOptions.Directory"];
        var said = Sources()
            .SelectMany(static text => text.Split('\n'))
            .Where(static line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && !line.Contains("ArgumentOutOfRangeException(", StringComparison.Ordinal))
            .SelectMany(static line => InText().Matches(line).Select(static match => match.Value))
            .Where(text => !allowed.Any(word => text.Contains(word, StringComparison.Ordinal)))
            .Distinct();
        Assert.Empty(said);
    }

    [Fact]
    public async Task A_host_says_why_a_task_is_refused_in_its_own_words()
    {
        var options = new EmbeddedPoolOptions { Name = "images", Workers = 1, QueueCapacity = 0, Names = HostSettingNames.Of("images") };
        await using var pool = EmbeddedWorkerPool.Begin(WorkerCommand.Create("/bin/sleep", "600"), options);
        var refused = await Assert.ThrowsAsync<TaskException>(async () => await pool.Submit("add", [1, 2]));

        Assert.Contains("(pools:images:queueCapacity = 0, pools:images:queueBytes = 268435456); come again later", refused.Failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SubmitAsync", refused.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("(pools:images:supervision:readyAtLeast)", pool.Supervisor.Readiness.Reason, StringComparison.Ordinal);
        await pool.StopAsync(StopMode.CancelAll);
    }

    private static IEnumerable<string> Sources() => new[] { "WorkerHost.Client", "WorkerHost.Supervision", "WorkerHost.Sidecar" }
        .SelectMany(static project => Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src", project), "*.cs", SearchOption.AllDirectories))
        .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.EndsWith("Check.cs", StringComparison.Ordinal))
        .Select(File.ReadAllText);

    [GeneratedRegex("""[Nn]ames(?: \?\? SettingNames\.Members\))?\["([A-Za-z.]+)"\]""")]
    private static partial Regex Named();

    // In an interpolated or plain text, in the middle of words: not alone, as the key of a name is.
    [GeneratedRegex(""" (?:\(|until |because |set |with |see )?(?:WorkerPoolOptions|SupervisorOptions|TaskOptions|Liveness|Recycling|Isolation)\.[A-Z][A-Za-z]+[^"]*"|(?<!nameof|typeof)\((?:WorkerPoolOptions|SupervisorOptions|TaskOptions|Liveness|Recycling|Isolation)\.[A-Za-z]+""")]
    private static partial Regex InText();
}
