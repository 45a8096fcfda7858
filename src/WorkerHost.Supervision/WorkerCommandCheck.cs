using System.Diagnostics.CodeAnalysis;

namespace WorkerHost.Supervision;

/// <summary>
/// Finds everything in a command that no process could ever be started with. That its program or directory exists is not asked
/// here but at every start: it may come and go.
/// </summary>
internal static class WorkerCommandCheck
{
    public static IEnumerable<string> Find(WorkerCommand command)
    {
        if (string.IsNullOrWhiteSpace(command.FileName))
        {
            yield return Wrong(nameof(command.FileName), command.FileName, "a path, or a name that is in PATH");
        }

        string?[] texts = [command.FileName, command.WorkingDirectory];
        string[] names = [nameof(command.FileName), nameof(command.WorkingDirectory)];
        foreach (var (name, text) in names.Zip(texts).Where(static pair => HasNul(pair.Second)))
        {
            yield return Wrong(name, text, "no NUL character");
        }

        var arguments = command.Arguments.IsDefault ? [] : command.Arguments;
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is null || HasNul(arguments[i]))
            {
                yield return Wrong($"{nameof(command.Arguments)}[{i}]", arguments[i], "text without a NUL character");
            }
        }

        if (command.Environment is null)
        {
            yield return Wrong(nameof(command.Environment), null, "a dictionary; empty for nothing of your own");
            yield break;
        }

        foreach (var (name, value) in command.Environment.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (!EnvironmentNameIsPossible(name))
            {
                yield return Wrong($"{nameof(command.Environment)}.Keys", name, "a name of a variable, without '=' and NUL characters");
            }

            if (value is null || HasNul(value))
            {
                // The value itself may be a secret.
                yield return $"WorkerCommand.{nameof(command.Environment)}[\"{Shown(name)}\"] {(value is null ? "is null" : "has a NUL character")}; allowed: text without a NUL character";
            }
        }
    }

    public static bool EnvironmentNameIsPossible([NotNullWhen(true)] string? name) => !string.IsNullOrEmpty(name) && !name.Contains('=', StringComparison.Ordinal) && !HasNul(name);

    private static bool HasNul(string? text) => text?.Contains('\0', StringComparison.Ordinal) == true;

    private static string Wrong(string what, string? value, string allowed) =>
        $"WorkerCommand.{what} is {(value is null ? "null" : $"\"{Shown(value)}\"")}; allowed: {allowed}";

    private static string Shown(string text) => text.Replace("\0", "\\0", StringComparison.Ordinal);
}
