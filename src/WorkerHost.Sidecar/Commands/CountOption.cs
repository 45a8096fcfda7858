using System.CommandLine;
using System.Globalization;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Numbers of things on the command line.</summary>
internal static class CountOption
{
    /// <summary>An option whose value is 1 or more.</summary>
    public static Option<int?> Create(string name, string description, string helpName = "N", string otherwise = "no number of 1 or more") => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1)
            {
                return number;
            }

            result.AddError($"{name} '{result.Tokens[0].Value}' is {otherwise}");
            return null;
        },
    };

    /// <summary>The same as an argument, within bounds.</summary>
    public static Argument<int> Argument(string name, string what, int lowest, int highest, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest)
            {
                return number;
            }

            result.AddError($"'{result.Tokens[0].Value}' is no number of {what}; allowed: {lowest} to {highest}");
            return 0;
        },
    };
}
