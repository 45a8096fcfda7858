using System.CommandLine;
using System.Globalization;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Options whose value is a number of things, 1 or more.</summary>
internal static class CountOption
{
    public static Option<int?> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1)
            {
                return number;
            }

            result.AddError($"{name} '{result.Tokens[0].Value}' is no number of 1 or more");
            return null;
        },
    };
}
