using Spectre.Console;

namespace WorkerHost.Samples.Quickstart;

/// <summary>A live bar while the run goes on, then what failed and a summary.</summary>
internal sealed class TerminalReport(QuickstartOptions options) : IFileReport
{
    private const int MostFailedShown = 20;

    private readonly List<FileOutcome> failed = [];
    private long expected = long.MaxValue;
    private int problems;

    public async Task WatchAsync(RunProgress progress, CancellationToken cancellationToken)
    {
        Console.WriteLine($"{FileName.Escape(options.Folder)}, {RunSummary.Count(options.Workers, "worker")}");

        // How many there will be is not known to the run itself, which holds only a few files at a time.
        var counting = Task.Run(() => CountFiles(cancellationToken), CancellationToken.None);

        // Spectre shows the cursor again when this ends.
        await AnsiConsole.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async display =>
            {
                var bar = display.AddTask("files");
                do
                {
                    var soFar = progress.SoFar;
                    var total = Volatile.Read(ref expected);
                    bar.IsIndeterminate = total == long.MaxValue;
                    bar.MaxValue = Math.Max(total, 1);
                    bar.Value = soFar.Files;
                    bar.Description = Markup.Escape(
                        $"{RunSummary.Count(soFar.Files, "file")}, {soFar.Bytes / 1_000_000} MB, {RunSummary.Count(soFar.Deaths, "worker death")}{progress.TriedAgain()}");
                }
                while (await Ticks.NextAsync(TimeSpan.FromMilliseconds(100), cancellationToken));
            });
        await counting;
    }

    public void Add(FileOutcome outcome)
    {
        if (outcome.Problem is not null && problems++ < MostFailedShown)
        {
            failed.Add(outcome);
        }
    }

    public void End(RunSummary summary)
    {
        foreach (var outcome in failed)
        {
            Console.WriteLine(ListReport.Failed(outcome));
        }

        if (problems > failed.Count)
        {
            Console.WriteLine($"failed: {problems - failed.Count} more");
        }

        Console.WriteLine(summary);
        Console.WriteLine("For the digest, size and lines of each file: | less, or --json.");
    }

    private void CountFiles(CancellationToken cancellationToken)
    {
        var files = FolderWalk.Files(options.Folder, options.IsDefaultFolder)
            .TakeWhile(_ => !cancellationToken.IsCancellationRequested)
            .LongCount(static f => f.Problem?.Kind != FileProblem.FolderNotReadable);
        Volatile.Write(ref expected, files);
    }
}
