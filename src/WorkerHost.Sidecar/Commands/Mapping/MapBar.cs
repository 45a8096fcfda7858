namespace WorkerHost.Sidecar.Commands.Mapping;

/// <summary>Shows how far a map is, several times a second, below what is written where both come to one terminal.</summary>
internal sealed class MapBar : IDisposable
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(200);

    private readonly MapProgress progress;
    private readonly Surroundings around;
    private readonly StatusLine line;
    private readonly ITimer? timer;
    private readonly Lock gate = new();
    private bool hidden;

    public MapBar(MapProgress progress, Surroundings around, bool quiet)
    {
        this.progress = progress;
        this.around = around;
        line = new StatusLine(around);
        timer = line.IsOn && !quiet ? around.Time.CreateTimer(static self => ((MapBar)self!).Show(), this, Often, Often) : null;
    }

    /// <summary>Lets something be written above it.</summary>
    public async ValueTask AboveAsync(Func<ValueTask> write)
    {
        if (timer is null || !around.OutputIsTerminal)
        {
            await write().ConfigureAwait(false);
            return;
        }

        Hide();
        await write().ConfigureAwait(false);
        lock (gate)
        {
            hidden = false;
        }
    }

    /// <summary>The last word, where somebody looks.</summary>
    /// <param name="always">Somebody should, wherever it goes.</param>
    public void End(bool always)
    {
        Dispose();
        if (timer is not null || always)
        {
            around.Error.WriteLine(progress.Summary());
        }
    }

    public void Dispose()
    {
        timer?.Dispose();
        Hide();
    }

    private void Hide()
    {
        lock (gate)
        {
            hidden = true;
            line.Clear();
        }
    }

    private void Show()
    {
        lock (gate)
        {
            if (!hidden)
            {
                line.Show(progress.Bar(line.Width));
            }
        }
    }
}
