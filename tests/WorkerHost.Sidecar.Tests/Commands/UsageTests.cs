using System.CommandLine;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>What the command line says to those who do not know it yet.</summary>
public sealed class UsageTests
{
    [Fact]
    public async Task A_command_that_is_not_there_is_answered_with_one_that_may_be_meant()
    {
        var ran = await Ran.Async("sumbit", "images", "add");

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Equal("workerhost: 'sumbit' is no command; did you mean submit?\nsee: workerhost --help\n", ran.Error);
        Assert.Empty(ran.Output);
    }

    [Theory]
    [InlineData("'cat.jpg' is no JSON value", "submit", "images", "thumbnail", "cat.jpg")]
    [InlineData("'\"cat.jpg\"'", "submit", "images", "thumbnail", "cat.jpg")]
    [InlineData("'--keepgoing' is no option of workerhost map; did you mean --keep-going?", "map", "images", "thumbnail", "--keepgoing")]
    [InlineData("Required argument 'TASK' missing", "submit", "images")]
    [InlineData("not both", "submit", "images", "thumbnail", "1", "--input", "cat.jpg")]
    [InlineData("'soon' is no time of more than zero; allowed: a time as 500ms, 30s", "submit", "images", "thumbnail", "--time-limit", "soon")]
    [InlineData("--time-limit '0s' is no time of more than zero", "submit", "images", "thumbnail", "--time-limit", "0s")]
    [InlineData("1 or more", "submit", "images", "thumbnail", "--attempts", "0")]
    [InlineData("--attempts 'x'", "submit", "images", "thumbnail", "--attempts", "x")]
    [InlineData("--priority 'urgent' is no priority; allowed: lowest, low, normal, high, highest", "submit", "images", "thumbnail", "--priority", "urgent")]
    [InlineData("'many' is no number of workers; allowed: 0 to 10000", "scale", "images", "many")]
    [InlineData("'-1' is no number of workers; allowed: 0 to 10000", "scale", "images", "-1")]
    [InlineData("'10001' is no number of workers; allowed: 0 to 10000", "scale", "images", "10001")]
    [InlineData("--exit-with-pid '0' is no number of a process; allowed: 1 or more", "serve", "--exit-with-pid", "0")]
    [InlineData("NAME=VALUE", "submit", "images", "thumbnail", "--header", "trace")]
    [InlineData("1 or more", "map", "images", "thumbnail", "--buffer", "0")]
    [InlineData("either --rolling or --at-once", "restart", "--rolling", "--at-once")]
    [InlineData("either for --ready or for --idle", "wait", "--ready", "--idle")]
    [InlineData("goes with --follow", "events", "--new")]
    [InlineData("give one of them", "workers", "--host", "unix:///x", "--endpoint-file", "y")]
    [InlineData("--output is 'yaml'; allowed: text, json", "workers", "--output", "yaml")]
    [InlineData("--host: 'here' is no endpoint address: use unix:///", "workers", "--host", "here")]
    public async Task Wrong_usage_is_told_with_what_is_allowed(string says, params string[] arguments)
    {
        var ran = await Ran.Async(arguments);

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Empty(ran.Output);
    }

    [Fact]
    public void No_value_is_refused_in_the_words_of_the_parser()
    {
        var told = new List<string>();
        foreach (var command in Below(Root.Create()))
        {
            foreach (var option in command.Options.Where(static o => o.Arity.MaximumNumberOfValues > 0))
            {
                told.AddRange(command.Parse([option.Name, "x y"]).Errors.Select(static e => e.Message));
            }

            told.AddRange(command.Parse([.. command.Arguments.Select(static _ => "x y")]).Errors.Select(static e => e.Message));
        }

        Assert.NotEmpty(told);
        Assert.DoesNotContain(told, static message => message.Contains("expected type", StringComparison.Ordinal));

        static IEnumerable<Command> Below(Command command) => command.Subcommands.SelectMany(Below).Prepend(command);
    }

    [Fact]
    public async Task Wait_is_over_when_time_is_up_also_for_a_host_that_does_not_answer()
    {
        var folder = Directory.CreateTempSubdirectory("workerhost-");
        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder.FullName, "silent.sock")));
        silent.Listen();
        var time = new FakeTimeProvider();
        var waiting = Ran.Async(new Given { Time = time }, "wait", "--timeout", "0s", "--host", $"unix://{folder.FullName}/silent.sock");
        await Eventually.IsTrue(() =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return waiting.IsCompleted;
        });

        Assert.Equal((ExitCode.TryAgain, "workerhost: not after 0 ms: the host does not answer\n"), ((await waiting).Code, (await waiting).Error));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Wrong_usage_says_where_the_help_of_the_command_is() =>
        Assert.Contains("see: workerhost quarantine release --help", (await Ran.Async("quarantine", "release", "images")).Error, StringComparison.Ordinal);

    [Fact]
    public async Task Help_shows_examples_and_how_a_command_ends()
    {
        var ran = await Ran.Async("submit", "--help");

        Assert.Equal(0, ran.Code);
        Assert.Contains("workerhost submit images thumbnail", ran.Output, StringComparison.Ordinal);
        Assert.Contains("69  the host cannot be reached", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_arguments_the_commands_are_listed()
    {
        var ran = await Ran.Async();

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains("submit", ran.Output, StringComparison.Ordinal);
        Assert.Contains("events", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_is_not_there_is_told_with_who_said_so_and_how_to_start_one()
    {
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        var ran = await Ran.Async(new Given { Environment = { [HostLocation.FileVariable] = file } }, "workers");

        Assert.Equal(ExitCode.Unreachable, ran.Code);
        Assert.Contains($"{HostLocation.FileVariable}={file}: there is no such file", ran.Error, StringComparison.Ordinal);
        Assert.Contains("workerhost serve", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("submit", "images", "add", "1", "2")]
    [InlineData("map", "images", "add")]
    [InlineData("workers")]
    public async Task Nobody_at_the_address_is_exit_code_69(params string[] arguments)
    {
        var ran = await Ran.Async([.. arguments, "--host", "unix:///nowhere/at/all.sock"]);

        Assert.Equal(ExitCode.Unreachable, ran.Code);
        Assert.Contains("unix:///nowhere/at/all.sock", ran.Error, StringComparison.Ordinal);
        Assert.Contains("there is no such socket", ran.Error, StringComparison.Ordinal);
    }
}
