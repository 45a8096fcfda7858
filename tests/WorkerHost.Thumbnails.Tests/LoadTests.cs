using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace WorkerHost.Thumbnails.Tests;

/// <summary>Many uploads at the same time, some of them hostile.</summary>
[Collection("busy machine")]
public sealed class LoadTests(ITestOutputHelper output)
{
    private const int AtOnce = 16;

    private static readonly string[] Hostile = ["crash", "hang", "hoard", "truncated", "bomb", "noise"];

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Of_200_uploads_every_good_one_is_served_and_every_hostile_one_is_a_clear_error()
    {
        await using var service = await ThumbnailsProcess.StartAsync("--hostile", "--Thumbnails:TimeLimit=00:00:05", "--Thumbnails:Patience=00:01:00");
        await UploadAsync(service, 200, _ => null);
        var before = service.ResidentKilobytes;

        var begin = Stopwatch.GetTimestamp();
        var answers = await UploadAsync(service, 200, i => i % 10 == 9 ? Hostile[i / 10 % Hostile.Length] : null);
        var took = Stopwatch.GetElapsedTime(begin);
        await UploadAsync(service, 100, _ => null);
        var after = service.ResidentKilobytes;

        var status = await service.StatusAsync();
        output.WriteLine($"{took.TotalSeconds:0.0} s; host {before / 1024} MB, {after / 1024} MB after; {status.Deaths} deaths");

        // What eats memory has a time limit, too, and on a busy machine meets that one first.
        Assert.All(answers, answer => Assert.Equal(
            Expected(answer.Bug), answer is { Bug: "hoard", Type: "422 image-took-too-long" } ? Expected(answer.Bug) : answer.Type));
        Assert.Equal(20, answers.Count(a => a.Bug is not null));
        Assert.True(after - before < 64 * 1024, $"the service has grown from {before} to {after} kB");
        Assert.Contains(status.RecentDeaths, d => d.Exit == "SIGSEGV");
    }

    [Fact]
    public async Task A_series_of_images_that_all_crash_leaves_the_service_at_work()
    {
        await using var service = await ThumbnailsProcess.StartAsync("--hostile", "--Thumbnails:Patience=00:01:00");
        var answers = await UploadAsync(service, 16, i => i == 15 ? null : "crash");
        Assert.Single(answers, answer => answer.Type == "200");
        Assert.Equal(15, answers.Count(answer => answer.Type == "422 image-crashed"));
        Assert.DoesNotContain((await service.StatusAsync()).Workers, w => w.State == "CrashLooping");
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task The_memory_of_the_service_is_flat_over_thousands_of_uploads()
    {
        await using var service = await ThumbnailsProcess.StartAsync();
        await UploadAsync(service, 500, _ => null);
        var before = service.ResidentKilobytes;
        var seen = new List<long>();
        for (var round = 0; round < 5; round++)
        {
            Assert.All(await UploadAsync(service, 500, _ => null), answer => Assert.Equal("200", answer.Type));
            seen.Add(service.ResidentKilobytes);
        }

        output.WriteLine($"host {before / 1024} MB, then after each 500: {string.Join(", ", seen.Select(s => $"{s / 1024} MB"))}");
        Assert.True(seen[^1] - before < 64 * 1024, $"from {before} kB to {string.Join(", ", seen)}");
    }

    private static string Expected(string? bug) => bug switch
    {
        null => "200",
        "crash" => "422 image-crashed",
        "hang" => "422 image-took-too-long",
        "hoard" => "422 image-took-too-much-memory",
        "truncated" => "422 broken-image",
        "bomb" => "422 too-many-pixels",
        _ => "415 not-an-image",
    };

    private static async Task<IReadOnlyCollection<(string? Bug, string Type)>> UploadAsync(ThumbnailsProcess service, int count, Func<int, string?> bugOf)
    {
        var good = Pictures.Sample("good");
        var answers = new ConcurrentBag<(string?, string)>();
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, cancellationToken) =>
        {
            var bug = bugOf(i);
            var image = bug switch
            {
                null => good,
                "crash" or "hang" or "hoard" => Pictures.Hostile(bug, i),
                _ => Pictures.Sample(bug),
            };
            using var response = await service.PostAsync(image, cancellationToken: cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                using var thumbnail = Pictures.Decode(await response.Content.ReadAsByteArrayAsync(cancellationToken));
                answers.Add((bug, thumbnail.Width == 128 ? "200" : $"200 with {thumbnail.Width} pixels"));
            }
            else
            {
                var problem = await ThumbnailsProcess.ProblemAsync(response);
                answers.Add((bug, $"{problem.Status} {problem.Type}"));
            }
        });
        return answers;
    }
}
