namespace WorkerHost.Sidecar.Commands;

/// <summary>
/// One line at the bottom of the terminal that says how far something is, written over again and again; where stderr is no terminal
/// there is none. Not thread-safe.
/// </summary>
internal sealed class StatusLine(Surroundings around)
{
    private bool shown;

    public bool IsOn => around.ErrorIsTerminal;

    public int Width => Math.Max(20, around.Width - 1);

    public void Show(string text)
    {
        if (IsOn)
        {
            // Over what stands there, then the rest of the line is cleared: nothing flickers.
            around.Error.Write($"\r{(text.Length > Width ? text[..Width] : text)}\e[K");
            shown = true;
        }
    }

    public void Clear()
    {
        if (shown)
        {
            around.Error.Write("\r\e[K");
            shown = false;
        }
    }
}
