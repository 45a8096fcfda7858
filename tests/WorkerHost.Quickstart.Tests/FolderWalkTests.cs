using System.Net.Sockets;
using WorkerHost.Samples.Quickstart;

namespace WorkerHost.Quickstart.Tests;

public sealed class FolderWalkTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    [Fact]
    public void Every_regular_file_is_found_with_its_path_from_the_folder()
    {
        folder.Write("a");
        folder.Write("b/c");
        folder.Write("b/d/e");
        folder.Write(".hidden/.f");
        folder.Write("new\nline");
        folder.Write("ünï 文件 😀");
        folder.Shell("mkdir empty");
        Assert.Equal([".hidden/.f", "a", "b/c", "b/d/e", "new\nline", "ünï 文件 😀"], Paths());
        Assert.All(Files(), f => Assert.Null(f.Problem));
    }

    [Fact]
    public void A_name_that_is_not_utf8_is_reported_and_the_others_are_not_lost()
    {
        folder.Write("good");
        folder.Write("real\uFFFDcharacter");
        folder.Shell("printf x > \"$(printf 'caf\\351.txt')\"; printf y > \"$(printf 'caf\\352.txt')\"");
        var files = Files();
        Assert.Equal(["caf\\xE9.txt", "caf\\xEA.txt", "good", "real\uFFFDcharacter"], files.Select(f => f.Path));
        Assert.Equal([FileProblem.NameIsNotUtf8, FileProblem.NameIsNotUtf8, null, null], files.Select(f => f.Problem?.Kind));
        Assert.Equal([true, true, false, false], files.Select(f => f.IsEscaped));
        Assert.Contains("636166e9", files[0].Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_not_utf8_cannot_be_mistaken_for_one_that_really_looks_so()
    {
        folder.Write(@"caf\xE9");
        folder.Shell("touch \"$(printf 'caf\\351')\"");
        Assert.Equal([(@"caf\xE9", false, @"caf\\xE9"), (@"caf\xE9", true, @"caf\xE9")], Files().OrderBy(f => f.IsEscaped).Select(f => (f.Path, f.IsEscaped, f.Shown)));
    }

    [Fact]
    public void Files_in_a_folder_whose_name_is_not_utf8_are_reported_one_by_one()
    {
        folder.Shell("d=$(printf 'dir\\377'); mkdir -p \"$d/inner\"; touch \"$d/one\" \"$d/inner/two\"");
        Assert.Equal(["dir\\xFF/inner/two", "dir\\xFF/one"], Paths());
        Assert.All(Files(), f => Assert.Equal(FileProblem.NameIsNotUtf8, f.Problem?.Kind));
    }

    [Fact]
    public void Links_are_not_followed_and_pipes_and_sockets_are_left_out()
    {
        var file = folder.Write("real/file");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "link"), file);
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "linked"), Path.Combine(folder.Path, "real"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "real", "loop"), folder.Path);
        File.CreateSymbolicLink(Path.Combine(folder.Path, "dangling"), "/does/not/exist");
        folder.Shell("mkfifo pipe");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder.Path, "socket")));
        Assert.Equal(["real/file"], Paths());
    }

    [Fact]
    public void A_folder_that_is_a_link_is_walked_when_it_is_the_one_that_was_named()
    {
        folder.Write("real/file");
        var link = Path.Combine(folder.Path, "link");
        Directory.CreateSymbolicLink(link, Path.Combine(folder.Path, "real"));
        Assert.Equal(["file"], FolderWalk.Files(link, leaveOutBuildOutput: false).Select(f => f.Path));
    }

    [Fact]
    public void What_a_build_leaves_is_left_out_only_when_asked()
    {
        folder.Write("src/a");
        folder.Write("src/bin/b");
        folder.Write("src/obj/c");
        folder.Write(".git/d");
        folder.Write("bin2/e");
        Assert.Equal(["bin2/e", "src/a"], FolderWalk.Files(folder.Path, leaveOutBuildOutput: true).Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal(5, Paths().Length);
    }

    [Fact]
    public void A_folder_that_cannot_be_read_is_reported()
    {
        var found = Assert.Single(FolderWalk.Files(Path.Combine(folder.Path, "none"), leaveOutBuildOutput: false));
        Assert.Equal((".", FileProblem.FolderNotReadable), (found.Path, found.Problem?.Kind));
    }

    public void Dispose() => folder.Dispose();

    private FoundFile[] Files() => [.. FolderWalk.Files(folder.Path, leaveOutBuildOutput: false).OrderBy(f => f.Path, StringComparer.Ordinal)];

    private string[] Paths() => [.. Files().Select(f => f.Path)];
}
