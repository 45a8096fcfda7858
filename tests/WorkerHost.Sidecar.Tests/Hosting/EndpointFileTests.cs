using System.Text.Json;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Hosting;

public sealed class EndpointFileTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("workerhost-endpoint-");
    private readonly HostEndpoints host = new()
    {
        Instance = "one", Pid = 4711, Data = ["unix:///run/x.sock", "http://127.0.0.1:7070"], Admin = ["unix:///run/y.sock"], TokenFile = "run/token",
    };

    private string FilePath => Path.Combine(directory.FullName, "new", "endpoint.json");

    [Fact]
    public void It_says_where_the_host_is_to_its_own_user_alone()
    {
        using var file = EndpointFile.Write(FilePath, host);

        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(FilePath));
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(Path.GetDirectoryName(FilePath)!));
        using var json = JsonDocument.Parse(File.ReadAllText(FilePath));
        Assert.Equal(4711, json.RootElement.GetProperty("pid").GetInt32());
        Assert.Equal("http://127.0.0.1:7070", json.RootElement.GetProperty("data")[1].GetString());
        var read = EndpointFile.Read(FilePath);
        Assert.Equal(("one", 4711, Path.GetFullPath("run/token")), (read.Instance, read.Pid, read.TokenFile));
        Assert.Equal(host.Data, read.Data);
        Assert.Equal(host.Admin, read.Admin);
        Assert.Empty(read.AdminHttp);
    }

    [Fact]
    public void It_goes_with_its_host_unless_another_host_has_it_now()
    {
        var first = EndpointFile.Write(FilePath, host);
        var second = EndpointFile.Write(FilePath, host with { Instance = "two" });
        first.Dispose();
        Assert.Equal("two", EndpointFile.Read(FilePath).Instance);

        second.Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(FilePath)!));
        second.Dispose();
    }

    [Fact]
    public void What_cannot_be_written_or_read_says_so()
    {
        Assert.Throws<IOException>(() => EndpointFile.Write("/proc/none/endpoint.json", host));
        Assert.Throws<IOException>(() => EndpointFile.Write(directory.FullName, host));
        Assert.Empty(directory.EnumerateFiles());

        var path = Path.Combine(directory.FullName, "other.json");
        foreach (var text in new[] { "", "null", "[]", """{ "pid": 1 }""" })
        {
            File.WriteAllText(path, text);
            Assert.Contains("is no endpoint file", Assert.Throws<IOException>(() => EndpointFile.Read(path)).Message, StringComparison.Ordinal);
        }

        Assert.ThrowsAny<IOException>(() => EndpointFile.Read(Path.Combine(directory.FullName, "none")));
    }

    [Fact]
    public void That_of_another_user_leads_nobody_astray()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a file of another user can be made by root only");
        using var file = EndpointFile.Write(FilePath, host);
        using (var chown = System.Diagnostics.Process.Start("chown", ["65534", FilePath]))
        {
            chown.WaitForExit();
        }

        Assert.Contains("belongs to user 65534", Assert.Throws<IOException>(() => EndpointFile.Read(FilePath)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => directory.Delete(recursive: true);
}
