namespace WorkerHost.Conformance.Tests;

/// <summary>The client cases with a client of another language: its own runner runs them all, and here stands what it said of each.</summary>
public abstract class ForeignClientTests<TKind>(ForeignRunner<TKind> runner) : IClassFixture<ForeignRunner<TKind>>
    where TKind : IKind
{
    public static TheoryData<string, string> Quick => Suite.ForClient(TKind.Name, slow: false);

    public static TheoryData<string, string> Slow => Suite.ForClient(TKind.Name, slow: true);

    [Theory]
    [MemberData(nameof(Quick))]
    public Task Keeps(string theme, string name) => runner.JudgeAsync(theme, name, slow: false);

    [Theory]
    [MemberData(nameof(Slow))]
    [Trait("Category", "Slow")]
    public Task Keeps_what_takes_longer(string theme, string name) => runner.JudgeAsync(theme, name, slow: true);
}
