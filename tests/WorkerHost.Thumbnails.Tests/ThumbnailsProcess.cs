using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace WorkerHost.Thumbnails.Tests;

/// <summary>The service as a person starts it, on a port of its own, and a client of it.</summary>
internal sealed partial class ThumbnailsProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly ConcurrentQueue<string> log = new();
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;

    private ThumbnailsProcess(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        _ = reading.ContinueWith(
            _ => listening.TrySetException(new InvalidOperationException($"the service does not listen:\n{Log}")), TaskScheduler.Default);
    }

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(2) };

    public string Log => string.Join('\n', log);

    /// <summary>Resident memory of the service without its workers.</summary>
    public long ResidentKilobytes
    {
        get
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]);
        }
    }

    public static async Task<ThumbnailsProcess> StartAsync(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Thumbnails");
        var service = new ThumbnailsProcess(Process.Start(new ProcessStartInfo(program, ["--urls", "http://127.0.0.1:0", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        })!);
        try
        {
            service.Client.BaseAddress = await service.listening.Task.WaitAsync(Eventually.Patience);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public Task<HttpResponseMessage> PostAsync(byte[] image, int size = 128, CancellationToken cancellationToken = default) =>
        Client.PostAsync($"/thumbnails?size={size}", new ByteArrayContent(image), cancellationToken);

    /// <summary>Posts what must not become a thumbnail, and checks that the answer is a problem with a type and words for people.</summary>
    public async Task<(int Status, string Type, string Detail)> RefusedAsync(byte[] image, string query = "")
    {
        using var response = await Client.PostAsync($"/thumbnails{query}", new ByteArrayContent(image));
        return await ProblemAsync(response);
    }

    public static async Task<(int Status, string Type, string Detail)> ProblemAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        return ((int)response.StatusCode, problem.GetProperty("type").GetString()!, problem.GetProperty("detail").GetString()!);
    }

    public async Task<ServiceStatus> StatusAsync() => (await Client.GetFromJsonAsync<ServiceStatus>("/status"))!;

    /// <summary>Until the service itself says so.</summary>
    public async Task UntilAsync(Func<ServiceStatus, bool> fact, string what)
    {
        var begin = Stopwatch.GetTimestamp();
        while (await StatusAsync() is var status && !fact(status))
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < Eventually.Patience, $"never became true: {what}; {status}\n{Log}");
            await Task.Delay(5);
        }
    }

    /// <summary>Log lines come a moment after what they tell of.</summary>
    public Task LoggedAsync(string text) => Eventually.IsTrue(() => Log.Contains(text, StringComparison.Ordinal), $"the log has '{text}'");

    /// <summary>Asks it to stop, as systemd would, and sees that it goes in peace and has logged no error of its own.</summary>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using (var kill = Process.Start("/bin/kill", ["-TERM", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        using var patience = new CancellationTokenSource(Eventually.Patience);
        await process.WaitForExitAsync(patience.Token);
        await reading;
        var exitCode = process.ExitCode;
        process.Dispose();
        Assert.True(exitCode == 0, $"exit code {exitCode}\n{Log}");
        Assert.False(log.Any(line => (line.StartsWith("fail:", StringComparison.Ordinal) && !line.Contains("HealthChecks", StringComparison.Ordinal)) || line.StartsWith("crit:", StringComparison.Ordinal)), $"the service has logged an error:\n{Log}");
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            log.Enqueue(line);
            if (Listening().Match(line) is { Success: true } match)
            {
                listening.TrySetResult(new Uri(match.Groups[1].Value));
            }
        }
    }

    [GeneratedRegex(@"Now listening on: (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}

internal sealed record ServiceStatus(long Starts, long TasksFinished, long Deaths, IReadOnlyList<WorkerLine> Workers, IReadOnlyList<DeathLine> RecentDeaths)
{
    public override string ToString() => $"{Starts} starts, {Deaths} deaths, workers: {string.Join(", ", Workers)}; deaths: {string.Join(", ", RecentDeaths)}";
}

internal sealed record WorkerLine(string Id, int Pid, string State, int RunningTasks, long TasksFinished);

internal sealed record DeathLine(string Worker, string Cause, string Exit, string Report);
