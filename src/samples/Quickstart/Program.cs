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
using var stop = new StopSignals();
try
{
    var options = QuickstartOptions.Parse(args);
    if (options.Help)
    {
        new StandardOutput().WriteLine(QuickstartOptions.Usage);
        return 0;
    }

    var summary = await QuickstartRun.RunAsync(options, FileReport.To(options), stop.Token);
    return stop.ExitCode ?? (summary.Failed + summary.UnreadableFolders == 0 ? 0 : 1);
}
catch (UsageException e)
{
    StandardError.Tell(e.Message);
    return 2;
}
catch (IOException) when (stop.ExitCode is not null)
{
    // Its terminal was closed.
    return stop.ExitCode.Value;
}
catch (OutputException e) when (e.ReaderHasGone)
{
    return 141; // as a shell calls the end by SIGPIPE
}
catch (IOException e)
{
    StandardError.Tell(e.Message);
    return 3;
}
catch (Exception e) when (e is WorkerStartException or ArgumentException)
{
    // No worker could be started, or the pool cannot work here, for example in a TMPDIR with a very long path.
    StandardError.Tell(e.Message);
    return 1;
}
