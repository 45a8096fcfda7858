using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision.Dummy;

/// <summary>
/// A worker that can do nothing but be healthy, in several manners:
/// <c>usr1=exit:N</c>, <c>usr1=abort</c>: what SIGUSR1 does to it; <c>finish=N</c>: says in its ledger that it finished
/// N tasks; <c>grandchild</c>: starts a long sleep and prints its pid; <c>deaf</c>: heeds neither lifeline nor SIGTERM;
/// <c>usr1=eat</c>: takes memory without end; <c>daemon</c>: starts a long sleep in a session of its own;
/// <c>facts</c>: prints what it finds itself to be;
/// <c>dies-in-slot=N</c>: exits with 1 where it is in that slot;
/// <c>dies-while=PATH</c>: as long as there is such a file, exits with 3, 50 ms after it was seen to be ready;
/// <c>control</c>: beats on its control stream, where it says that it has finished 3 tasks and runs one; <c>usr1=silence</c>: and then no more;
/// <c>beats</c>: makes its heartbeat in the ledger; <c>debugged-in-slot=N</c>: and says there, in that slot, that a debugger is attached;
/// <c>usr1=block-ledger</c>: puts a pipe that nobody writes to in the place of its ledger and exits with 1; <c>usr1=hold-ledger</c>: the same, and
/// another process holds the pipe; <c>usr1=close</c>: it listens no more, and lives on; <c>usr1=mute</c>: its health service answers no more;
/// <c>no-watch</c>: its health service has no Watch; <c>not-serving</c>: never gets ready.
/// </summary>
internal static class HealthWorker
{
    private const int Usr1 = 10;

    public static async Task<int> RunAsync(string[] manners)
    {
        var launch = JsonDocument.Parse((await Console.In.ReadLineAsync())!).RootElement;
        if (Value(manners, "dies-in-slot") is { } slot && launch.GetProperty("slot").GetInt32() == int.Parse(slot, CultureInfo.InvariantCulture))
        {
            return 1;
        }

        if (manners.Contains("facts"))
        {
            OwnFacts.Print();
        }

        var finished = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        WebApplication? serving = null;
        using var usr1 = PosixSignalRegistration.Create((PosixSignal)Usr1, context =>
        {
            context.Cancel = true;
            switch (Value(manners, "usr1") ?? "exit:0")
            {
                case "close":
                    _ = serving!.StopAsync();
                    break;
                case "silence":
                    ControlStream.IsSilent = true;
                    break;
                case "block-ledger" or "hold-ledger":
                    ReplaceLedger(launch.GetProperty("ledger").GetString()!, held: Value(manners, "usr1") == "hold-ledger");
                    End("exit:1");
                    break;
                case var how:
                    End(how);
                    break;
            }
        });
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = manners.Contains("deaf"));

        if (Value(manners, "finish") is { } count)
        {
            using var ledger = File.OpenHandle(launch.GetProperty("ledger").GetString()!, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(ledger, BitConverter.GetBytes(long.Parse(count, CultureInfo.InvariantCulture)), 0x28);
        }

        if (manners.Contains("grandchild"))
        {
            var sleep = Process.Start("sleep", "1000");
            Console.WriteLine($"grandchild {sleep.Id}");
        }

        if (manners.Contains("daemon"))
        {
            using var daemon = Process.Start("setsid", "sleep 1000");
            while (File.ReadAllText($"/proc/{daemon.Id}/cmdline") != "sleep\01000\0")
            {
                await Task.Delay(1);
            }

            Console.WriteLine($"daemon {daemon.Id}");
        }

        if (manners.Contains("beats"))
        {
            Beat(launch, debugged: Value(manners, "debugged-in-slot") == launch.GetProperty("slot").GetRawText());
        }

        await using var app = Build(launch, manners);
        await app.StartAsync();
        serving = app;
        if (!manners.Contains("deaf"))
        {
            _ = Console.In.ReadToEndAsync().ContinueWith(_ => finished.TrySetResult(0), TaskScheduler.Default);
        }

        return await finished.Task;
    }

    private static WebApplication Build(JsonElement launch, string[] manners)
    {
        var address = new Uri(launch.GetProperty("address").GetString()!);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (address.Scheme == "unix")
            {
                kestrel.ListenUnixSocket(address.LocalPath, listen => listen.Protocols = HttpProtocols.Http2);
            }
            else
            {
                kestrel.ListenLocalhost(address.Port, listen => listen.Protocols = HttpProtocols.Http2);
            }
        });
        builder.Services.AddGrpc();
        var health = new HealthServiceImpl();
        health.SetStatus("", manners.Contains("not-serving") ? HealthCheckResponse.Types.ServingStatus.NotServing : HealthCheckResponse.Types.ServingStatus.Serving);
        builder.Services.AddSingleton(health);
        builder.Services.AddSingleton<CheckOnly>();
        var app = builder.Build();
        if (launch.TryGetProperty("secret", out var secret))
        {
            app.Use((HttpContext context, RequestDelegate next) =>
            {
                if (context.Request.Headers.Authorization == $"Bearer {secret.GetString()}")
                {
                    return next(context);
                }

                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return Task.CompletedTask;
            });
        }

        var cause = Value(manners, "dies-while");
        if (cause is not null && File.Exists(cause))
        {
            app.Use(async (HttpContext context, RequestDelegate next) =>
            {
                await next(context);
                if (context.Request.Path.Value?.EndsWith("/Check", StringComparison.Ordinal) == true)
                {
                    _ = Task.Delay(50).ContinueWith(_ => End("exit:3"), TaskScheduler.Default);
                }
            });
        }

        if (manners.Contains("usr1=mute"))
        {
            app.MapGrpcService<MayBeMute>();
        }
        else if (cause is not null || manners.Contains("no-watch"))
        {
            app.MapGrpcService<CheckOnly>();
        }
        else
        {
            app.MapGrpcService<HealthServiceImpl>();
        }

        if (manners.Contains("control"))
        {
            app.MapGrpcService<ControlStream>();
        }

        return app;
    }

    private static void End(string how)
    {
        if (how == "mute")
        {
            MayBeMute.IsMute = true;
            return;
        }

        while (how == "eat")
        {
            // Not the collector's, which has a limit of its own; touched, or the kernel would not give it.
            const int Size = 1024 * 1024;
            var block = Marshal.AllocHGlobal(Size);
            for (var i = 0; i < Size; i += 4096)
            {
                Marshal.WriteByte(block, i, 1);
            }
        }

        if (how == "abort")
        {
            Environment.FailFast("as asked");
        }

        Environment.Exit(int.Parse(how.Split(':')[1], CultureInfo.InvariantCulture));
    }

    private static void ReplaceLedger(string path, bool held)
    {
        var hold = held ? "; exec 3<>\"$1\"; setsid sleep 3 &" : "";
        using var shell = Process.Start("sh", ["-c", $"rm \"$1\"; mkfifo \"$1\"{hold}", "sh", path]);
        shell.WaitForExit();
    }

    private static void Beat(JsonElement launch, bool debugged)
    {
        var ledger = File.OpenHandle(launch.GetProperty("ledger").GetString()!, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var interval = launch.GetProperty("heartbeatMilliseconds").GetInt32();
        RandomAccess.Write(ledger, BitConverter.GetBytes(debugged ? 1 : 0), 0x24);
        new Thread(() =>
        {
            for (var beat = 1L; ; beat++)
            {
                RandomAccess.Write(ledger, BitConverter.GetBytes(beat), 0x18);
                Thread.Sleep(interval);
            }
        })
        { IsBackground = true }.Start();
    }

    private static string? Value(string[] manners, string name) =>
        manners.FirstOrDefault(m => m.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    private sealed class CheckOnly : Health.HealthBase
    {
        public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
            Task.FromResult(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving });
    }

    private sealed class MayBeMute : Health.HealthBase
    {
        public static volatile bool IsMute;

        public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
        {
            if (IsMute)
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }

            return new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving };
        }
    }
}
