namespace WorkerHost.Tests;

/// <summary>An oracle that never finds anything would be no proof.</summary>
public sealed class StormOracleTests
{
    private static readonly IReadOnlyDictionary<int, long> KilledAt = new Dictionary<int, long> { [100] = 50 };

    // Task a ran once; b was running when process 100 was killed, and ran again.
    private static readonly StormOutcome[] Outcomes = [new("a", false, 1, "a", null), new("b", true, 1, "b", null)];

    private static readonly string[] Record =
        ["a 1 100 begin 10", "a 1 100 end 20", "b 1 100 begin 30", "b 2 200 begin 60", "b 2 200 end 70"];

    [Fact]
    public void Nothing_is_wrong_with_a_storm_that_went_well() => Assert.Empty(StormOracle.Judge(Outcomes, Record, KilledAt));

    [Theory]
    [InlineData("b")]
    [InlineData("b 1 10")]
    [InlineData("b 1 100 end 4")]
    public void A_line_that_a_kill_has_cut_off_spoils_not_the_next(string torn) =>
        Assert.Empty(StormOracle.Judge(Outcomes, [.. Record[..3], torn + Record[3], Record[4]], KilledAt));

    [Theory]
    [InlineData("b: lost: its caller was told nothing")]
    [InlineData("b: duplicated: its caller was told 2 ends")]
    [InlineData("a: swapped: its caller got the result of b")]
    [InlineData("b: lost: its caller got a result, and no handler has finished it")]
    [InlineData("a: duplicated: it is not idempotent and ran 2 times")]
    [InlineData("b: duplicated: attempt 2 ran 2 times")]
    [InlineData("b: duplicated: it ran again although process 100 was not killed")]
    [InlineData("b: overlapping: attempt 2 began before process 100 of attempt 1 was killed")]
    [InlineData("b: it is said never to have started, and it ran")]
    [InlineData("a: attempt 1 ended and never began")]
    [InlineData("c: ran, and nobody submitted it")]
    public void Every_seeded_defect_is_found(string defect)
    {
        var outcomes = Outcomes.ToList();
        var record = Record.ToList();
        var killedAt = KilledAt;
        switch (defect.Split(": ", 2))
        {
            case [_, "lost: its caller was told nothing"]:
                outcomes[1] = outcomes[1] with { Ends = 0 };
                break;
            case [_, "duplicated: its caller was told 2 ends"]:
                outcomes[1] = outcomes[1] with { Ends = 2 };
                break;
            case [_, "swapped: its caller got the result of b"]:
                outcomes[0] = outcomes[0] with { Result = "b" };
                break;
            case [_, "lost: its caller got a result, and no handler has finished it"]:
                record.RemoveAt(4);
                break;
            case [_, "duplicated: it is not idempotent and ran 2 times"]:
                record.Add("a 2 200 begin 80");
                break;
            case [_, "duplicated: attempt 2 ran 2 times"]:
                record.Add("b 2 300 begin 61");
                break;
            case [_, "duplicated: it ran again although process 100 was not killed"]:
                killedAt = new Dictionary<int, long>();
                break;
            case [_, "overlapping: attempt 2 began before process 100 of attempt 1 was killed"]:
                record[3] = "b 2 200 begin 49";
                break;
            case [_, "it is said never to have started, and it ran"]:
                outcomes[1] = outcomes[1] with { Result = null, Failure = new TaskFailure { Kind = TaskFailureKind.NoWorkers, NeverStarted = true, Message = "" } };
                break;
            case [_, "attempt 1 ended and never began"]:
                record.RemoveAt(0);
                break;
            default:
                record.Add("c 1 200 begin 90");
                break;
        }

        Assert.Contains(defect, StormOracle.Judge(outcomes, record, killedAt));
    }
}
