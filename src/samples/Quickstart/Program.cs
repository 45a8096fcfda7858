using WorkerHost;
using WorkerHost.Samples.Quickstart;

// The same program, started again by the pool: a worker.
if (WorkerApplication.IsWorker)
{
    var worker = WorkerApplication.Create(args);
    worker.MapTask("file-facts", (string path, CancellationToken ct) => FileFacts.Compute(path, ct));
    return await worker.RunAsync();
}

// Started by a person: SHA-256, size and lines of every file, computed by workers.
try
{
    var options = QuickstartOptions.Parse(args);
    if (options.Help)
    {
        Console.WriteLine(QuickstartOptions.Usage);
        return 0;
    }

    var summary = await QuickstartRun.RunAsync(options, FileReport.To(options));
    return summary.Failed == 0 ? 0 : 1;
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (Exception e) when (e is WorkerStartException or ArgumentException)
{
    // No worker could be started, or the pool cannot work here, for example in a TMPDIR with a very long path.
    Console.Error.WriteLine(e.Message);
    return 1;
}
