using System.Diagnostics;
using System.Net;
using SkiaSharp;

namespace WorkerHost.Thumbnails.Tests;

/// <summary>What a bug in a native decoder does, with real processes.</summary>
[Collection("busy machine")]
public sealed class HostileImageTests
{
    [Theory]
    [InlineData("crash", "image-crashed", "SIGSEGV", "Crash", 2)]
    [InlineData("hang", "image-took-too-long", "longer than 1 s", "Ordered", 1)]
    [InlineData("hoard", "image-took-too-much-memory", "more memory", "Limit", 2)]
    public async Task A_hostile_image_is_refused_in_words_for_its_sender_and_costs_no_worker_a_second_time(
        string bug, string type, string says, string cause, int workers)
    {
        await using var service = await ThumbnailsProcess.StartAsync("--hostile", "--Thumbnails:TimeLimit=" + (bug == "hang" ? "00:00:01" : "00:00:30"));
        var answer = await service.RefusedAsync(Pictures.Hostile(bug));
        Assert.Equal((422, type), (answer.Status, answer.Type));
        Assert.Contains(says, answer.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("pid", answer.Detail, StringComparison.Ordinal);

        await service.UntilAsync(s => s.Deaths == workers, $"{workers} deaths");
        Assert.All((await service.StatusAsync()).RecentDeaths, d => Assert.Equal(cause, d.Cause));
        await service.LoggedAsync($": {cause}, SIG");

        Assert.Equal(answer, await service.RefusedAsync(Pictures.Hostile(bug)));
        using var good = await service.PostAsync(Pictures.Sample("good"));
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        var status = await service.StatusAsync();
        Assert.Equal(workers, status.Deaths);
        Assert.All(status.Workers, w => Assert.True(w.RunningTasks == 0 && w.State != "Draining", $"{w}"));
    }

    [Fact]
    public async Task Good_images_wait_behind_hanging_ones_for_as_long_as_those_may_take_and_lose_nothing_of_their_own_time()
    {
        await using var service = await ThumbnailsProcess.StartAsync(
            "--hostile", "--Thumbnails:TimeLimit=00:00:02", "--Pools:Thumbnails:Workers=2", "--Pools:Thumbnails:Supervision:Spares=0");
        await service.UntilAsync(s => s.Workers.Count(w => w.State == "Ready") == 2, "two workers");
        var hanging = new[] { service.RefusedAsync(Pictures.Hostile("hang", 1)), service.RefusedAsync(Pictures.Hostile("hang", 2)) };
        await service.UntilAsync(s => s.Workers.Count(w => w.RunningTasks > 0) == 2, "both workers hang");

        // Both have the whole time limit of a hanging image and a start of a worker before them: more than their own limit.
        var good = await Task.WhenAll(service.PostAsync(Pictures.Sample("good")), service.PostAsync(Pictures.Sample("good")));
        Assert.All(good, g => Assert.Equal(HttpStatusCode.OK, g.StatusCode));
        Assert.All(await Task.WhenAll(hanging), h => Assert.Equal("image-took-too-long", h.Type));
    }

    [Fact]
    public async Task A_client_that_goes_away_takes_its_image_with_it()
    {
        await using var service = await ThumbnailsProcess.StartAsync("--hostile", "--Thumbnails:TimeLimit=00:10:00", "--Pools:Thumbnails:CancelGrace=00:00:00");
        using var leaving = new CancellationTokenSource();
        var posting = service.PostAsync(Pictures.Hostile("hang"), cancellationToken: leaving.Token);
        await service.UntilAsync(s => s.Workers.Any(w => w.RunningTasks > 0), "a worker has the image");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => posting);
        await service.UntilAsync(s => s.RecentDeaths.Any(d => d.Cause == "Ordered"), "the worker that hung is gone");

        // It was not the image that was to blame: whoever sends it is heard.
        Assert.DoesNotContain("cost a worker", service.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_every_worker_is_busy_an_upload_waits_only_so_long()
    {
        await using var service = await ThumbnailsProcess.StartAsync(
            "--hostile", "--Thumbnails:TimeLimit=00:10:00", "--Thumbnails:Patience=00:00:01", "--Pools:Thumbnails:Workers=1", "--Pools:Thumbnails:CancelGrace=00:00:00");
        using var leaving = new CancellationTokenSource();
        var hanging = service.PostAsync(Pictures.Hostile("hang"), cancellationToken: leaving.Token);
        await service.UntilAsync(s => s.Workers.Any(w => w.RunningTasks > 0), "the worker hangs");

        using var response = await service.PostAsync(Pictures.Sample("good"));
        var answer = await ThumbnailsProcess.ProblemAsync(response);
        Assert.Equal((503, "busy"), (answer.Status, answer.Type));
        Assert.Contains("waited 1 s", answer.Detail, StringComparison.Ordinal);
        Assert.Equal(5, response.Headers.RetryAfter?.Delta?.TotalSeconds);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    [Fact]
    public async Task A_crowd_is_refused_before_its_uploads_are_read()
    {
        await using var service = await ThumbnailsProcess.StartAsync("--hostile", "--Thumbnails:TimeLimit=00:10:00", "--Thumbnails:UploadsAtOnce=1", "--Pools:Thumbnails:CancelGrace=00:00:00");
        using var leaving = new CancellationTokenSource();
        var hanging = service.PostAsync(Pictures.Hostile("hang"), cancellationToken: leaving.Token);
        await service.UntilAsync(s => s.Workers.Any(w => w.RunningTasks > 0), "a worker has the image");

        using var response = await service.PostAsync(Pictures.Sample("good"));
        var answer = await ThumbnailsProcess.ProblemAsync(response);
        Assert.Equal((503, "busy"), (answer.Status, answer.Type));
        Assert.NotNull(response.Headers.RetryAfter);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    [Fact]
    public async Task Without_workers_the_service_says_so_and_lives()
    {
        await using var service = await ThumbnailsProcess.StartAsync(
            "--Pools:Thumbnails:Command:FileName=/bin/false", "--Pools:Thumbnails:Supervision:Restart:Intensity=0", "--Thumbnails:Patience=00:00:30");
        await service.UntilAsync(s => s.Workers.All(w => w.State == "CrashLooping"), "every slot is known to be hopeless");
        using var response = await service.PostAsync(Pictures.Sample("good"));
        var answer = await ThumbnailsProcess.ProblemAsync(response);
        Assert.Equal((503, "no-workers"), (answer.Status, answer.Type));
        Assert.NotNull(response.Headers.RetryAfter);
        using var health = await service.Client.GetAsync("/health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_worker_that_is_killed_from_outside_costs_no_image()
    {
        await using var service = await ThumbnailsProcess.StartAsync();
        var large = Pictures.Encode(6000, 6000, SKEncodedImageFormat.Png, c => c.Clear(SKColors.Green));
        for (var i = 0; i < 10; i++)
        {
            var posting = service.PostAsync(large);
            var running = 0;
            await service.UntilAsync(s => (running = s.Workers.FirstOrDefault(w => w.RunningTasks > 0)?.Pid ?? 0) != 0 || posting.IsCompleted, "a worker has it");
            if (running != 0)
            {
                using var kill = Process.Start("/bin/kill", ["-KILL", $"{running}"]);
                await kill.WaitForExitAsync();
            }

            using var response = await posting;
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        // It may be done before the signal comes, but not every time.
        await service.LoggedAsync("failed with WorkerLost; trying again");
    }
}
