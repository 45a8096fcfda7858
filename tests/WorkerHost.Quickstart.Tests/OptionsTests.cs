using WorkerHost.Samples.Quickstart;

namespace WorkerHost.Quickstart.Tests;

public sealed class OptionsTests
{
    private static readonly string Here = Path.GetTempPath().TrimEnd('/');

    [Fact]
    public void Without_arguments_it_takes_the_tree_it_stands_in_and_every_processor()
    {
        var options = QuickstartOptions.Parse([]);
        Assert.True(options.IsDefaultFolder);
        Assert.Equal(Environment.ProcessorCount, options.Workers);
        Assert.Null(options.Chaos);
        Assert.False(options.Json);
    }

    [Fact]
    public void Everything_can_be_said_in_any_order()
    {
        var options = QuickstartOptions.Parse(["--json", "--workers", "3", Here, "--chaos=250"]);
        Assert.Equal(Here, options.Folder);
        Assert.False(options.IsDefaultFolder);
        Assert.Equal((3, TimeSpan.FromMilliseconds(250), true), (options.Workers, options.Chaos, options.Json));
        Assert.Equal(7, QuickstartOptions.Parse([Here, "--workers=7"]).Workers);
        Assert.Equal(TimeSpan.FromSeconds(1), QuickstartOptions.Parse(["--chaos"]).Chaos);
    }

    [Fact]
    public void A_folder_whose_name_looks_like_an_option_stands_after_two_dashes()
    {
        var error = Assert.Throws<UsageException>(() => QuickstartOptions.Parse(["--", "--json"]));
        Assert.Contains("no folder --json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no option --jsno", "--jsno")]
    [InlineData("there is no option -x", "-x")]
    [InlineData("there is no option --json=1", "--json=1")]
    [InlineData("--workers wants a number", "--workers")]
    [InlineData("--workers is '0'", "--workers", "0")]
    [InlineData("--workers is '-1'", "--workers", "-1")]
    [InlineData("--workers is 'many'", "--workers=many")]
    [InlineData("--workers is '1025'", "--workers=1025")]
    [InlineData("--chaos is '0'", "--chaos=0")]
    [InlineData("--chaos is ''", "--chaos=")]
    [InlineData("one folder at a time", "/", "/tmp")]
    [InlineData("there is no folder /does/not/exist", "/does/not/exist")]
    [InlineData("there is no folder with an empty name", "")]
    [InlineData("is a file; name a folder", "/etc/passwd")]
    public void What_cannot_be_done_is_named(string problem, params string[] arguments) =>
        Assert.Contains(problem, Assert.Throws<UsageException>(() => QuickstartOptions.Parse(arguments)).Message, StringComparison.Ordinal);
}
