using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>Who could come in is decided before anybody listens.</summary>
public sealed class ListenerCheckTests : IDisposable
{
    private readonly Written written = new(Written.OnePool);
    private readonly string token;

    public ListenerCheckTests() => token = written.File("token", "0123456789abcdef0123456789abcdef\n");

    [Theory]
    [InlineData("https://0.0.0.0:7070", "https://127.0.0.1:7070")]
    [InlineData("https://[::]:7070", "https://[::1]:7070")]
    [InlineData("http://127.0.0.1:7070", "http://127.0.0.1:7070")]
    [InlineData("https://10.0.0.0:7070", "https://10.0.0.0:7070")]
    [InlineData("unix:///run/0.0.0.0:1", "unix:///run/0.0.0.0:1")]
    public void Who_listens_at_all_addresses_is_found_at_one(string bound, string reached) => Assert.Equal(reached, ListenAddress.Reachable(bound));

    [Theory]
    [InlineData("127.0.0.1:7070")]
    [InlineData("[::1]:0")]
    [InlineData("localhost:7070")]
    public void TCP_on_this_machine_needs_a_token(string address)
    {
        foreach (var key in new[] { "data:tcp", "data:http", "admin:tcp", "admin:http" })
        {
            var plane = key.Split(':')[0];
            Assert.Equal(
                $"{key} is '{address}', where every user of this machine could come in; allowed: with {plane}:tokenFile or {plane}:tls:clientAuthority (--set)",
                Assert.Single(written.Errors([$"{key}={address}"])));
            Assert.Empty(written.Errors([$"{key}={address}", $"{plane}:tokenFile={token}"]));
        }
    }

    [Theory]
    [InlineData("*:7070")]
    [InlineData("0.0.0.0:7070")]
    [InlineData("10.1.2.3:0")]
    [InlineData("[::]:7070")]
    public void TCP_beyond_this_machine_needs_TLS_and_to_know_who_comes(string address)
    {
        var (certificate, key) = Certificate();
        Assert.Equal(
            $"data:tcp is '{address}', which others than this machine can reach; allowed: with data:tls and data:tokenFile or data:tls:clientAuthority, or a loopback address (--set)",
            Assert.Single(written.Errors([$"data:tcp={address}"])));
        Assert.Contains("allowed: with data:tls, or", Assert.Single(written.Errors([$"data:tcp={address}", $"data:tokenFile={token}"])), StringComparison.Ordinal);
        Assert.Contains(
            "allowed: with data:tokenFile or data:tls:clientAuthority, or",
            Assert.Single(written.Errors([$"data:tcp={address}", $"data:tls:certificate={certificate}", $"data:tls:key={key}"])),
            StringComparison.Ordinal);
        Assert.Empty(written.Errors([$"data:tcp={address}", $"data:tls:certificate={certificate}", $"data:tls:key={key}", $"data:tokenFile={token}"]));
        Assert.Empty(written.Errors([$"data:tcp={address}", $"data:tls:certificate={certificate}", $"data:tls:key={key}", $"data:tls:clientAuthority={certificate}"]));
    }

    [Theory]
    [InlineData("7070")]
    [InlineData(":7070")]
    [InlineData("http://127.0.0.1:7070")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1:7070")]
    [InlineData("::1:7070")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("example.org:80")]
    public void Anything_else_is_no_address(string address) =>
        Assert.Equal(
            $"data:tcp is '{address}'; allowed: {ListenAddress.Allowed} (--set)",
            Assert.Single(written.Errors([$"data:tcp={address}", $"data:tokenFile={token}"])));

    [Fact]
    public void Two_listeners_at_one_address_are_refused()
    {
        string[] tokens = [$"data:tokenFile={token}", $"admin:tokenFile={token}"];
        Assert.Equal(
            ["admin:tcp is 127.0.0.1:7070, and data:tcp is 127.0.0.1:7070; allowed: an address of its own for each (--set)"],
            written.Errors(["data:tcp=localhost:7070", "data:http=127.0.0.1:7071", "admin:tcp=127.0.0.1:7070", .. tokens]));
        Assert.Empty(written.Errors(["data:tcp=127.0.0.1:0", "data:http=127.0.0.1:0", "admin:tcp=[::1]:7070", "admin:http=127.0.0.1:7070", .. tokens]));

        var (certificate, key) = Certificate();
        Assert.Contains(
            "admin:tcp is 127.0.0.1:7070, and data:tcp is 0.0.0.0:7070",
            Assert.Single(written.Errors(["data:tcp=*:7070", $"data:tls:certificate={certificate}", $"data:tls:key={key}", "admin:tcp=127.0.0.1:7070", .. tokens])),
            StringComparison.Ordinal);

        Assert.Contains(
            "and so is data:socket",
            Assert.Single(written.Errors([$"data:socket={written.Place}/x.sock", $"admin:socket={written.Place}/../{Path.GetFileName(written.Place)}/x.sock"])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_file_is_looked_at()
    {
        Assert.Contains("which cannot be read: Could not find file", Error(Path.Combine(written.Place, "none")), StringComparison.Ordinal);
        Assert.Contains("which is empty", Error(written.File("empty", " \n")), StringComparison.Ordinal);
        Assert.Contains("which holds no token; allowed: a file with 16 to 4096", Error(written.File("short", "hunter2")), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Error(written.File("short", "hunter2")), StringComparison.Ordinal);
        Assert.Contains("which holds no token", Error(written.File("two", "0123456789abcdef 0123456789abcdef")), StringComparison.Ordinal);
        Assert.Contains("which holds no token", Error(written.File("long", new string('x', 10_000))), StringComparison.Ordinal);
        Assert.Contains("which every user of this machine may read", Error(written.File("open", "0123456789abcdef", (UnixFileMode)0b110_100_100)), StringComparison.Ordinal);
        Assert.Empty(written.Errors([$"data:tokenFile={written.File("group", "0123456789abcdef", (UnixFileMode)0b110_100_000)}"]));

        string Error(string path) => Assert.Single(written.Errors([$"data:tokenFile={path}"]));
    }

    [Fact]
    public void The_files_of_TLS_are_looked_at()
    {
        var (certificate, key) = Certificate();
        var (_, other) = Certificate();
        Assert.StartsWith($"data:tls:certificate is '{key}', which cannot be used: ", Error(key, key), StringComparison.Ordinal);
        Assert.StartsWith($"data:tls:key is '{other}', which cannot be used: ", Error(certificate, other), StringComparison.Ordinal);
        Assert.StartsWith("data:tls:certificate is ", Error("none.pem", key), StringComparison.Ordinal);
        Assert.StartsWith(
            $"data:tls:clientAuthority is '{key}', which cannot be used: no certificate is in it",
            Assert.Single(written.Errors([$"data:tls:certificate={certificate}", $"data:tls:key={key}", $"data:tls:clientAuthority={key}"])),
            StringComparison.Ordinal);

        string Error(string certificate, string key) => Assert.Single(written.Errors([$"data:tls:certificate={certificate}", $"data:tls:key={key}"]));
    }

    [Fact]
    public void A_socket_has_a_path_that_the_system_can_take()
    {
        Assert.Contains("allowed: at most 107", Error($"{written.Place}/{new string('x', 107 - written.Place.Length)}"), StringComparison.Ordinal);
        Assert.Empty(written.Errors([$"data:socket={written.Place}/{new string('x', 107 - 1 - written.Place.Length)}"]));
        Assert.Contains("whose directory is not there", Error($"{written.Place}/none/x.sock"), StringComparison.Ordinal);
        Assert.Contains("which is a directory", Error(written.Place), StringComparison.Ordinal);
        Assert.Contains("allowed: the path of a file", Error("unix:///run/x.sock"), StringComparison.Ordinal);

        string Error(string path) => Assert.Single(written.Errors([$"data:socket={path}"]));
    }

    public void Dispose() => written.Dispose();

    private (string Certificate, string Key) Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        var name = Guid.NewGuid().ToString("N");
        return (written.File($"{name}.pem", certificate.ExportCertificatePem()), written.File($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
