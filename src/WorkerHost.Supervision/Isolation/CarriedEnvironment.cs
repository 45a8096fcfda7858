using System.Collections.Immutable;
using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>
/// Takes an environment past a shell, which drops names that it could not write down (<c>a.b</c>, <c>A:B</c>) and changes its own: each
/// such NAME=value is the value of a name that the shell knows nothing about, and env makes it a variable again behind the shell. No
/// value is ever in a command line, which everybody on the machine may read. Pure.
/// </summary>
internal sealed record CarriedEnvironment
{
    private const string Carrier = "WORKERHOST_CARRIED_";

    /// <summary>What dash, busybox and bash set, check or refuse to take over.</summary>
    private static readonly ImmutableHashSet<string> OfShells = ImmutableHashSet.Create(
        StringComparer.Ordinal,
        "_", "PWD", "OLDPWD", "SHLVL", "PPID", "IFS", "LINENO", "OPTIND", "OPTARG", "OPTERR", "PS1", "PS2", "PS4", "UID", "EUID", "GROUPS",
        "SHELLOPTS", "BASHOPTS", "BASH", "BASHPID", "BASH_VERSION", "BASH_VERSINFO", "DIRSTACK", "FUNCNAME", "HISTCMD", "POSIXLY_CORRECT", "RANDOM", "SECONDS");

    /// <summary>What the shell is started with.</summary>
    public required IReadOnlyList<string> ForShell { get; init; }

    /// <summary>Names that no shell keeps; a command without such needs nothing behind its shell.</summary>
    public required ImmutableArray<string> Carried { get; init; }

    public static CarriedEnvironment Of(IReadOnlyList<string> environment)
    {
        var plain = environment.Where(IsKept).ToList();
        var odd = environment.Where(e => !IsKept(e)).ToArray();
        return new CarriedEnvironment
        {
            ForShell = [.. plain, .. odd.Select((e, i) => $"{CarrierOf(i)}={e}")],
            Carried = [.. odd.Select(NameOf)],
        };
    }

    /// <summary>
    /// The arguments of env that make them variables again. <c>-S</c> puts in a variable's value as it is, whatever it holds, in
    /// env's own memory.
    /// </summary>
    /// <param name="also">Names that the shell gives away by itself.</param>
    public ImmutableArray<string> Restore(params IEnumerable<string> also)
    {
        var carriers = Carried.Select((_, i) => CarrierOf(i)).ToArray();
        var without = carriers.Concat(also.Where(name => !Carried.Contains(name)));
        return ["-S", string.Join(' ', [.. without.Select(name => $"-u {name}"), "--", .. carriers.Select(name => $"${{{name}}}")])];
    }

    private static bool IsKept(string entry)
    {
        var name = NameOf(entry);
        return !OfShells.Contains(name) && !name.StartsWith(Carrier, StringComparison.Ordinal) && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }

    private static string NameOf(string entry) => entry[..entry.IndexOf('=', StringComparison.Ordinal)];

    private static string CarrierOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{Carrier}{index}");
}
