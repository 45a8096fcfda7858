namespace WorkerHost.Samples.Thumbnails;

/// <summary>The page to look at, what it asks for, and the images to try. In earnest this is for operators, behind a door of its own.</summary>
internal static class StatusPage
{
    public static void MapStatusPage(this WebApplication app, bool hostileMode)
    {
        var page = ReadPage();
        app.MapGet("/", () => Results.Text(page, "text/html; charset=utf-8"));
        app.MapGet("/status", ([FromKeyedServices("thumbnails")] WorkerPool pool, RecentDeaths deaths) => new
        {
            Samples = hostileMode ? SampleImages.Names : [],
            pool.Supervisor.Totals.Starts,
            pool.Supervisor.Totals.TasksFinished,
            Deaths = pool.Supervisor.Totals.Deaths.Values.Sum(),
            Workers = pool.Workers.Select(worker => new
            {
                Id = worker.Id.ToString(),
                worker.Pid,
                State = worker.IsSpare ? "Spare" : worker.State.ToString(),
                worker.RunningTasks,
                worker.TasksFinished,
                Megabytes = worker.ResidentBytes / 1_000_000,
                worker.StartedAt,
            }),
            RecentDeaths = deaths.Newest.Select(death => new
            {
                Worker = death.Worker.ToString(),
                death.Time,
                Cause = death.Cause.ToString(),
                death.Exit,
                Report = death.ToString(),
            }),
        });
    }

    public static void MapSamples(this WebApplication app) => app.MapGet("/samples/{name}", (string name) =>
        SampleImages.Find(name) is { } image
            ? Results.Bytes(image, "image/png")
            : Results.NotFound());

    private static string ReadPage()
    {
        using var reader = new StreamReader(typeof(StatusPage).Assembly.GetManifestResourceStream("page.html")!);
        return reader.ReadToEnd();
    }
}
