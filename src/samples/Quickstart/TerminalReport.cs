using Spectre.Console;

namespace WorkerHost.Samples.Quickstart;

/// <summary>A live bar while the run goes on; before and after it, what the plain report says.</summary>
internal sealed class TerminalReport(PlainReport plain) : IFileReport
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task drawing = Task.CompletedTask;
    private long files;
    private long bytes;
    private long deaths;
    private long expected = long.MaxValue;

    public void Note(string text) => plain.Note(text);

    public void Begin(QuickstartOptions options)
    {
        plain.Begin(options);
        drawing = DrawAsync();

        // How many there will be is not known to the run itself, which holds only a few files at a time.
        _ = Task.Run(() => Volatile.Write(ref expected, FolderWalk.Files(options.Folder, options.IsDefaultFolder).LongCount()));
    }

    public void Add(FileOutcome outcome, long deaths)
    {
        Volatile.Write(ref files, files + 1);
        Volatile.Write(ref bytes, bytes + (outcome.Facts?.Size ?? 0));
        Volatile.Write(ref this.deaths, deaths);
        plain.Add(outcome, deaths);
    }

    public void End(RunSummary summary)
    {
        done.TrySetResult();
        drawing.Wait();
        plain.End(summary);
    }

    private async Task DrawAsync() => await AnsiConsole.Progress()
        .AutoClear(true)
        .Columns(new SpinnerColumn(), new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .StartAsync(async progress =>
        {
            var bar = progress.AddTask("starting workers");
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            while (!done.Task.IsCompleted)
            {
                var total = Volatile.Read(ref expected);
                bar.IsIndeterminate = total == long.MaxValue;
                bar.MaxValue = Math.Max(total, 1);
                bar.Value = Volatile.Read(ref files);
                bar.Description = FormattableString.Invariant(
                    $"{Volatile.Read(ref files):N0} files, {Volatile.Read(ref bytes) / 1e6:N0} MB, {Volatile.Read(ref deaths)} worker deaths");
                await Task.WhenAny(timer.WaitForNextTickAsync().AsTask(), done.Task);
            }
        });
}
