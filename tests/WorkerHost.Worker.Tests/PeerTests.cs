using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Grpc.Core;
using Grpc.Health.V1;
using WorkerHost.V1;

namespace WorkerHost.Worker.Tests;

/// <summary>Who may talk to a worker.</summary>
public sealed partial class PeerTests
{
    private const uint Nobody = 65534;

    [Fact]
    [Trait("Scenario", "61")]
    public async Task Over_tcp_nobody_gets_past_without_the_secret()
    {
        var port = FreePort();
        await using var worker = await WorkerUnderTest.StartAsync(launch => launch with { Address = $"http://127.0.0.1:{port}", Secret = "s3cret" });

        Assert.Equal("3", await worker.RunJsonAsync("add", "[1, 2]"));
        foreach (var headers in new Metadata?[]
        {
            null,
            new Metadata { { "authorization", "Bearer s3cre" } },
            new Metadata { { "authorization", "Bearer s3crets" } },
            new Metadata { { "authorization", "s3cret" } },
            new Metadata { { "authorization", "Bearer s3cret" }, { "authorization", "Bearer s3cret" } },
        })
        {
            var call = new CallOptions(headers);
            await IsUnauthenticated(worker.Endpoint.RunAsync(WorkerUnderTest.Request("add", "[1, 2]"), call).ResponseAsync);
            await IsUnauthenticated(new Health.HealthClient(worker.Channel).CheckAsync(new HealthCheckRequest(), call).ResponseAsync);
            await IsUnauthenticated(new WorkerControl.WorkerControlClient(worker.Channel).HelloAsync(new HelloRequest(), call).ResponseAsync);
        }
    }

    [Fact]
    [Trait("Scenario", "61")]
    public async Task Another_users_process_is_dropped_at_the_socket()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can become another user");
        await using var worker = await WorkerUnderTest.StartAsync();

        // Wide open on purpose: the kernel's word about the peer has to suffice.
        File.SetUnixFileMode(worker.Folder, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(worker.SocketPath, (UnixFileMode)0b110_110_110);

        Assert.Equal(0, await ReadAsNobody(worker.SocketPath));

        worker.CloseLifeline();
        await worker.ExitAsync();
        Assert.Contains($"of user {Nobody}", await worker.StderrAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_is_its_owners_alone()
    {
        await using var worker = await WorkerUnderTest.StartAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(worker.SocketPath));
    }

    [Fact]
    public async Task Only_the_process_that_started_a_worker_controls_it()
    {
        await using var worker = await WorkerUnderTest.StartAsync(static launch => launch with { Concurrency = 2 });
        var control = new WorkerControl.WorkerControlClient(worker.Channel);

        var hello = await control.HelloAsync(new HelloRequest { MinProtocol = 1, MaxProtocol = 1 });

        Assert.Equal("tests/2#7", hello.Worker);
        Assert.Equal(worker.Pid, hello.Pid);
        Assert.StartsWith("dotnet/", hello.Runtime, StringComparison.Ordinal);
        Assert.Equal("\"PermissionDenied\"", await worker.RunJsonAsync("call_control", $"[\"{worker.SocketPath}\"]"));
    }

    private static async Task IsUnauthenticated(Task call) =>
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    // The kernel keeps credentials per thread, so this one becomes another user for good and ends.
    private static Task<int> ReadAsNobody(string path)
    {
        var read = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                const long setresuid = 117;
                Assert.Equal(0, SystemCall(setresuid, uint.MaxValue, Nobody, uint.MaxValue));
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Connect(new UnixDomainSocketEndPoint(path));
                var buffer = new byte[1024];
                int count;
                try
                {
                    count = socket.Receive(buffer);
                }
                catch (SocketException)
                {
                    // Reset: refused as well.
                    count = 0;
                }

                read.SetResult(count);
            }
            catch (Exception e)
            {
                read.SetException(e);
            }
        });
        thread.Start();
        return read.Task;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, uint real, uint effective, uint saved);
}
