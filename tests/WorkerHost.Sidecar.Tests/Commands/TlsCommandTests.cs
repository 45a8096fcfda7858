using WorkerHost.Sidecar.Commands;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Sidecar.Tests.Admin;
using WorkerHost.Sidecar.Tests.Gateway;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>Commands that come to a host by TLS.</summary>
public sealed class TlsCommandTests : IDisposable
{
    private readonly Authority ours = new("ours");
    private readonly Authority other = new("other");
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("workerhost-");

    [Fact]
    public async Task A_host_is_trusted_by_its_endpoint_file_or_by_the_authority_that_was_named()
    {
        var (certificate, key) = ours.Written("localhost", server: true);
        using var files = TlsListening.Read(new AdminSettings { Tls = new TlsSettings { Certificate = certificate, Key = key } }, "admin")!;
        await using var host = await AdminHost.StartAsync([], with: options => options with { Token = OpenHost.Token, Tls = listen => listen.UseTls(files) });
        var token = HostUnderTest.TokenFile(OpenHost.Token);
        var port = new Uri(host.TcpAddress).Port;
        var endpoints = new HostEndpoints { Instance = "host-1", Pid = Environment.ProcessId, Admin = [host.TcpAddress], AdminTokenFile = token, AdminCertificate = certificate };
        using var found = EndpointFile.Write(Path.Combine(folder.FullName, "endpoint.json"), endpoints);

        Assert.Equal((0, ""), await Ran.Async("pools", "--endpoint-file", found.FullPath) is var known ? (known.Code, known.Error) : default);
        Assert.Equal((0, ""), await Ran.Async("pools", "--host", $"https://localhost:{port}", "--token-file", token, "--authority", ours.File) is var named ? (named.Code, named.Error) : default);

        foreach (var wrong in new[] { [], ["--authority", other.File], new[] { "--authority", ours.File, "--host", $"https://127.0.0.1:{port}" } })
        {
            string[] address = wrong.Contains("--host") ? [] : ["--host", $"https://localhost:{port}"];
            var refused = await Ran.Async(["pools", "--token-file", token, .. address, .. wrong]);
            Assert.Equal(ExitCode.NoPermission, refused.Code);
            Assert.Contains("shows a certificate that is not trusted here", refused.Error, StringComparison.Ordinal);
            Assert.Contains("--authority FILE names who has signed it", refused.Error, StringComparison.Ordinal);
        }

        File.Delete(token);
    }

    [Fact]
    public async Task Where_the_host_asks_for_a_certificate_tasks_are_run_with_one()
    {
        var (certificate, key) = ours.Written("localhost", server: true);
        var (own, ownKey) = ours.Written("guest", server: false);
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { Tcp = "127.0.0.1:0", Tls = new TlsSettings { Certificate = certificate, Key = key, ClientAuthority = ours.File } },
            await HostUnderTest.InProcess("images", static worker => worker.MapTask("add", static (int a, int b) => a + b)));
        string[] at = ["--host", $"https://localhost:{new Uri(host.TcpAddress).Port}", "--authority", ours.File];
        string[] shown = ["--certificate", own, "--key", ownKey];

        var submitted = await Ran.Async(["submit", "images", "add", "1", "2", .. at, .. shown]);
        Assert.Equal((0, "3\n"), (submitted.Code, submitted.Output));
        var mapped = await Ran.Async(Given.Lines("[3, 4]"), ["map", "images", "add", "--spread", .. at, .. shown]);
        Assert.Equal((0, "7\n", ""), (mapped.Code, mapped.Output, mapped.Error));

        var without = await Ran.Async(["submit", "images", "add", "1", "2", .. at]);
        Assert.Equal(ExitCode.Unreachable, without.Code);
        Assert.Contains("a host that asks for a certificate is shown one by: --certificate FILE", without.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_cannot_be_used_are_told_with_their_option()
    {
        string[] command = ["pools", "--host", "https://localhost:1"];
        Assert.Contains("--authority is '/nowhere.pem', which cannot be used: ", (await Ran.Async([.. command, "--authority", "/nowhere.pem"])).Error, StringComparison.Ordinal);
        Assert.Contains($"--certificate is '{ours.File}', which cannot be used: ", (await Ran.Async([.. command, "--certificate", ours.File])).Error, StringComparison.Ordinal);
        Assert.Contains("--key is the private key of a certificate; give --certificate, too", (await Ran.Async([.. command, "--key", ours.File])).Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        ours.Dispose();
        other.Dispose();
        folder.Delete(recursive: true);
    }
}
