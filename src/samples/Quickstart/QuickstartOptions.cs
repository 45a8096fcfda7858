using System.Globalization;

namespace WorkerHost.Samples.Quickstart;

/// <summary>What a person asked for.</summary>
internal sealed record QuickstartOptions
{
    public const string Usage = """
        usage: Quickstart [FOLDER] [--workers N] [--chaos[=MS]] [--json]

        SHA-256, size and number of lines of every regular file under FOLDER, computed in worker processes. On a terminal
        a progress bar and a summary; elsewhere a line per file (SHA-256, size, lines, path), then the summary.

          FOLDER         default: the nearest parent with WorkerHost.sln (without .git, bin and obj), else the current folder
          --workers N    how many worker processes, from 1 to 1024; default: as many as processors
          --chaos[=MS]   from the first result on, kill a random ready worker every MS milliseconds; default 1000. A file
                         that takes longer than its workers live fails after 20 attempts; after 200 kills in which
                         no file was done, no more are killed
          --json         a line of JSON per file, then a summary; nothing else on stdout

        In lists a byte of a name that is not UTF-8 or not visible is \xE9, and a backslash is \\. In JSON a path is exact,
        unless "escaped" beside it is true.

        Exit codes: 0 all done, 1 some file failed or some folder could not be read, 2 wrong usage or no such folder,
        3 stdout cannot be written, 130, 143 or 129 stopped by Ctrl-C, SIGTERM or SIGHUP (with a summary of what was done;
        a second signal ends at once), 141 the reader of stdout has gone.
        """;

    public required string Folder { get; init; }

    /// <summary>Whether nobody named the folder: then what a build leaves behind is not of interest.</summary>
    public bool IsDefaultFolder { get; init; }

    public int Workers { get; init; } = Environment.ProcessorCount;

    public TimeSpan? Chaos { get; init; }

    public bool Json { get; init; }

    public bool Help { get; init; }

    public static QuickstartOptions Parse(IReadOnlyList<string> arguments)
    {
        string? folder = null;
        var options = new QuickstartOptions { Folder = "" };
        var onlyFolders = false;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!onlyFolders && argument.StartsWith('-') && argument.Length > 1)
            {
                var (name, value) = argument.Split('=', 2) is [var n, var v] ? (n, v) : (argument, null);
                switch (name)
                {
                    case "--" when value is null:
                        onlyFolders = true;
                        break;
                    case "--workers":
                        value ??= i + 1 < arguments.Count ? arguments[++i] : throw Wrong("--workers wants a number");
                        options = options with { Workers = Number(name, value, 1024) };
                        break;
                    case "--chaos":
                        options = options with { Chaos = TimeSpan.FromMilliseconds(value is null ? 1000 : Number(name, value, 86_400_000)) };
                        break;
                    case "--json" when value is null:
                        options = options with { Json = true };
                        break;
                    case "--help" or "-h" or "-?" when value is null:
                        options = options with { Help = true };
                        break;
                    default:
                        throw Wrong($"there is no option {argument}");
                }
            }
            else if (folder is not null)
            {
                throw Wrong($"one folder at a time, not {folder} and {argument}");
            }
            else
            {
                folder = argument;
            }
        }

        return options.Help ? options : options with { Folder = Existing(folder ?? DefaultFolder()), IsDefaultFolder = folder is null };
    }

    private static string DefaultFolder()
    {
        var current = Environment.CurrentDirectory;
        for (var folder = new DirectoryInfo(current); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "WorkerHost.sln")))
            {
                return folder.FullName;
            }
        }

        return current;
    }

    private static string Existing(string folder) =>
        Directory.Exists(folder) ? Path.GetFullPath(folder)
        : File.Exists(folder) ? throw new UsageException($"{folder} is a file; name a folder")
        : throw new UsageException($"there is no folder {(folder.Length == 0 ? "with an empty name" : folder)}");

    private static int Number(string option, string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw Wrong($"{option} is '{text}'; it has to be a whole number from 1 to {most}");

    private static UsageException Wrong(string problem) => new($"{problem}\n\n{Usage}");
}
