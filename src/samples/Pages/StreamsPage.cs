namespace WorkerHost.Samples.Streams;

public static class Reports
{
    public static async IAsyncEnumerable<string> Rows(string path, TaskContext context)
    {
        var length = (double)new FileInfo(path).Length;
        using var file = File.OpenText(path);
        while (await file.ReadLineAsync() is { } row)
        {
            context.Report(file.BaseStream.Position / length, "reading rows");
            yield return row;
        }
    }
}

internal static class StreamsPage
{
    public static async Task ShowAsync(WorkerApplication worker, WorkerPool pool, string path, Action<object?> log)
    {
        worker.MapTask("rows", Reports.Rows);               // in the worker

        await foreach (var row in pool.Stream<string>("rows", [path]))
        {
            log(row);                                       // while the handler runs
        }

        var options = new TaskOptions { Progress = new Progress<TaskProgress>(p => log($"{p.Fraction:P0} {p.Message}")) };
        List<string> all = await pool.Submit<List<string>>("rows", [path], options);
        log(all.Count);
    }
}
