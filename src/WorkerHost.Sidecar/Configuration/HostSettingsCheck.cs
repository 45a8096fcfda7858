using System.Text.RegularExpressions;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>Finds everything in settings that a host cannot start with, what their files and the system say included.</summary>
internal static partial class HostSettingsCheck
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <returns>Paths and what is the matter there; none: the host can start.</returns>
    public static IReadOnlyList<(string Path, string Problem)> Find(HostSettings settings)
    {
        var wrong = new List<(string, string)>();
        Pools(settings, Add);
        ListenerCheck.Find(settings, Add);
        Number("data:maxConnections", settings.Data.MaxConnections, 1, 100_000);
        Number("data:maxBufferedBytes", settings.Data.MaxBufferedBytes, 1L << 24, 1L << 40);
        Number("data:maxMetadataBytes", settings.Data.MaxMetadataBytes, 1024, 1024 * 1024);
        Time("data:keepAliveInterval", settings.Data.KeepAliveInterval, TimeSpan.FromSeconds(1));
        Time("data:keepAliveTimeout", settings.Data.KeepAliveTimeout, TimeSpan.FromSeconds(1));
        Time("data:abandonAfter", settings.Data.AbandonAfter, TimeSpan.Zero);
        Time("drainTimeout", settings.DrainTimeout ?? TimeSpan.Zero, TimeSpan.Zero);
        if (settings.Telemetry.OtlpEndpoint is { } endpoint
            && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)))
        {
            Add("telemetry:otlpEndpoint", $"is '{EffectiveSetting.WithoutPassword(endpoint)}'; allowed: an address that begins with http:// or https://, as http://127.0.0.1:4317");
        }

        return wrong;

        void Add(string path, string problem) => wrong.Add((path, problem));

        void Number(string path, long value, long lowest, long highest)
        {
            if (value < lowest || value > highest)
            {
                Add(path, FormattableString.Invariant($"is {value}; allowed: {lowest} to {highest}"));
            }
        }

        void Time(string path, TimeSpan value, TimeSpan lowest)
        {
            if (value < lowest || value > Day)
            {
                Add(path, $"is {DurationText.Exact(value)}; allowed: {DurationText.Exact(lowest)} to {DurationText.Exact(Day)}");
            }
        }
    }

    private static void Pools(HostSettings settings, Action<string, string> wrong)
    {
        if (settings.Pools.IsEmpty)
        {
            wrong(SettingsCatalog.Pools, """is empty; allowed: at least one pool, as "pools": { "images": { "command": { "fileName": "image-worker" } } }""");
        }

        foreach (var pool in settings.Pools)
        {
            var path = SettingsCatalog.Join([SettingsCatalog.Pools, pool.Name]);
            if (pool.Name.Length > 64 || !pool.Name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                wrong(path, "is no name of a pool; allowed: 1 to 64 ASCII letters, digits, '-', '_' and '.'");
                continue;
            }

            if (string.IsNullOrWhiteSpace(pool.Command.FileName))
            {
                wrong($"{path}:command:fileName", "is not set; allowed: the program of the pool's workers, a path or a name that is in PATH");
            }

            var errors = new List<string>();
            (pool.Options with { Names = HostSettingNames.Of(pool.Name) }).Validate(errors);
            foreach (var error in errors.Concat(WorkerCommandCheck.Find(pool.Command).Where(_ => !string.IsNullOrWhiteSpace(pool.Command.FileName))))
            {
                var option = Option().Match(error).Value;
                wrong($"{path}:{PathOf(option)}", error[option.Length..].TrimStart(' '));
            }
        }
    }

    /// <summary>From <c>Supervision.Restart.MinBackoff</c>, <c>WorkerCommand.Arguments[0]</c> and <c>WorkerCommand.Environment["A"]</c> to keys.</summary>
    private static string PathOf(string option)
    {
        var parts = option.Replace(".Keys", "", StringComparison.Ordinal).Split('[', 2);
        var keys = parts[0].Split('.').Select(static key => key == nameof(WorkerCommand) ? SettingsCatalog.Command : SettingsCatalog.Spelled(key));
        return SettingsCatalog.Join([.. keys, .. parts.Skip(1).Select(static element => element.TrimEnd(']').Trim('"'))]);
    }

    [GeneratedRegex("""^[A-Za-z.]+(\[("[^"]*"|\d+)\])?""")]
    private static partial Regex Option();
}
