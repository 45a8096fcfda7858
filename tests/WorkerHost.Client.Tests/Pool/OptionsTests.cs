namespace WorkerHost.Client.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_are_good() => new WorkerPoolOptions().ThrowIfInvalid();

    [Fact]
    public void Everything_that_is_wrong_is_listed_at_once_with_value_and_what_is_allowed()
    {
        var options = new WorkerPoolOptions
        {
            Name = "a b",
            QueueCapacity = -1,
            QueueBytes = 0,
            MaxMessageBytes = 1,
            Attempts = 0,
            Retry = new RetryOptions { MinDelay = TimeSpan.FromSeconds(2), MaxDelay = TimeSpan.FromSeconds(1), Budget = new RetryBudgetOptions { PerTask = -1, PerSecond = double.NaN, Burst = 0 } },
            CancelGrace = TimeSpan.FromSeconds(-1),
            TerminateGrace = TimeSpan.FromDays(2),
            ExpiredCancelGrace = TimeSpan.MinValue,
            ExpiredTerminateGrace = TimeSpan.MaxValue,
            DrainTimeout = Timeout.InfiniteTimeSpan,
            TimeProvider = null!,
        };
        var lines = Assert.Throws<ArgumentException>(options.ThrowIfInvalid).Message.Split('\n').Skip(1).Select(static l => l.Trim()).ToList();

        string[] names =
        [
            "Name", "QueueCapacity", "QueueBytes", "MaxMessageBytes", "Attempts", "Retry.Budget.PerTask", "Retry.Budget.PerSecond", "Retry.Budget.Burst", "Retry.MaxDelay", "CancelGrace", "TerminateGrace",
            "ExpiredCancelGrace", "ExpiredTerminateGrace", "DrainTimeout", "TimeProvider",
        ];
        Assert.Equal(names, lines.Select(static l => l.Split(' ')[0]));
        Assert.Contains("QueueCapacity is -1; allowed is 0 or more", lines);
        Assert.Contains("Name is 'a b'; allowed are 1 to 64 ASCII letters, digits, '-', '_' and '.'", lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ä")]
    [InlineData("a/b")]
    [InlineData(null)]
    public void A_name_that_cannot_stand_in_a_workers_name_is_refused(string? name) =>
        Assert.Contains("Name", Assert.Throws<ArgumentException>(new WorkerPoolOptions { Name = name! }.ThrowIfInvalid).Message, StringComparison.Ordinal);

    [Fact]
    public void A_task_without_time_or_attempts_is_refused()
    {
        Assert.Contains("TimeLimit", Assert.Throws<ArgumentOutOfRangeException>(new TaskOptions { TimeLimit = TimeSpan.Zero }.Validate).Message, StringComparison.Ordinal);
        Assert.Contains("Attempts", Assert.Throws<ArgumentOutOfRangeException>(new TaskOptions { Attempts = 0 }.Validate).Message, StringComparison.Ordinal);
        Assert.Contains("from Lowest (-2) to Highest (2)", Assert.Throws<ArgumentOutOfRangeException>(new TaskOptions { Priority = (TaskPriority)3 }.Validate).Message, StringComparison.Ordinal);
        Assert.Contains("Priority", Assert.Throws<ArgumentOutOfRangeException>(new TaskOptions { Priority = (TaskPriority)(-3) }.Validate).Message, StringComparison.Ordinal);
        Assert.Contains("Id", Assert.Throws<ArgumentException>(new TaskOptions { Id = "" }.Validate).Message, StringComparison.Ordinal);
        Assert.Contains("1025", Assert.Throws<ArgumentException>(new TaskOptions { Id = new string('x', 1025) }.Validate).Message, StringComparison.Ordinal);
        new TaskOptions { TimeLimit = TimeSpan.FromTicks(1), Attempts = 1, Id = "x" }.Validate();
    }

    [Fact]
    public void A_header_without_a_value_is_refused_by_name() =>
        Assert.Contains("Headers", Assert.Throws<ArgumentException>(new TaskOptions { Headers = new Dictionary<string, string> { ["a"] = null! } }.Validate).Message, StringComparison.Ordinal);

    [Fact]
    public void Headers_are_those_of_the_moment_they_were_given()
    {
        var headers = new Dictionary<string, string> { ["a"] = "1" };
        var options = new TaskOptions { Headers = headers };
        headers["a"] = "2";
        headers["b"] = "3";
        Assert.Equal([KeyValuePair.Create("a", "1")], options.Headers!);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://host/")]
    [InlineData("unix:///")]
    public async Task An_address_that_is_none_is_refused_with_the_forms_there_are(string address)
    {
        var thrown = await Assert.ThrowsAsync<ArgumentException>(() => WorkerPool.ConnectAsync(address, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains(address, thrown.Message, StringComparison.Ordinal);
        Assert.Contains("unix:///path/to/socket, http://host:port or https://host:port", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_address_at_all_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => WorkerPool.ConnectAsync(Array.Empty<string>(), cancellationToken: TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\nbreak")]
    [InlineData("gehäuse")]
    public void A_secret_that_no_header_can_carry_is_refused_and_not_shown(string secret)
    {
        var thrown = Assert.Throws<ArgumentException>(() => new EndpointAddress("http://127.0.0.1:1") { Secret = secret });
        Assert.Contains("EndpointAddress.Secret", thrown.Message, StringComparison.Ordinal);
        Assert.True(secret.Length == 0 || !thrown.ToString().Contains(secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_001)]
    public void An_endpoint_with_no_lanes_or_too_many_is_refused(int concurrency) =>
        Assert.Contains("from 1 to 100000", Assert.Throws<ArgumentOutOfRangeException>(() => new EndpointAddress("unix:///s") { Concurrency = concurrency }).Message, StringComparison.Ordinal);

    [Fact]
    public void An_address_shows_itself_without_its_secret() =>
        Assert.Equal("http://127.0.0.1:5000", new EndpointAddress("http://127.0.0.1:5000") { Secret = "s3cret" }.ToString());
}
