using System.CommandLine;
using WorkerHost.Hosting;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Options whose value is a time, written as in the configuration: 500ms, 30s, 5m, 1h.</summary>
internal static class DurationOption
{
    /// <param name="name">Of the option.</param>
    /// <param name="description">For its help.</param>
    /// <param name="mayBeZero">Whether no time at all means something.</param>
    public static Option<TimeSpan?> Create(string name, string description, bool mayBeZero = true) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (SettingText.Parse(text, typeof(TimeSpan), bytes: false) is TimeSpan time && time >= (mayBeZero ? TimeSpan.Zero : TimeSpan.FromTicks(1)))
            {
                return time;
            }

            result.AddError($"{name} '{text}' is no time{(mayBeZero ? "" : " of more than zero")}; allowed: {SettingText.Allowed(typeof(TimeSpan), bytes: false, static word => word)}");
            return null;
        },
    };
}
