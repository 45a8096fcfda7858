using System.Collections;

namespace WorkerHost.Supervision.Dummy;

/// <summary>What a process sees of itself, one "fact NAME VALUE" a line, and "fact end".</summary>
internal static class OwnFacts
{
    public static void Print()
    {
        foreach (var line in File.ReadLines("/proc/self/status").Where(l => l.StartsWith("Uid", StringComparison.Ordinal)
            || l.StartsWith("Gid", StringComparison.Ordinal) || l.StartsWith("Groups", StringComparison.Ordinal) || l.StartsWith("NoNewPrivs", StringComparison.Ordinal)))
        {
            Say(line.Split(':')[0], line.Split(':')[1].Replace('\t', ' ').Trim());
        }

        foreach (var line in File.ReadLines("/proc/self/limits").Where(l => l.StartsWith("Max open files", StringComparison.Ordinal) || l.StartsWith("Max core", StringComparison.Ordinal)))
        {
            Say(line.StartsWith("Max open", StringComparison.Ordinal) ? "files" : "core", string.Join(' ', line[26..].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        }

        Say("oom", File.ReadAllText("/proc/self/oom_score_adj").Trim());
        Say("nice", File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ')[16]);
        Say("cwd", Environment.CurrentDirectory);
        Say("processors", Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (var line in File.ReadLines("/proc/self/cgroup"))
        {
            Say("cgroup", line);
        }

        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            Say("env", $"{variable.Key}={variable.Value}");
        }

        Console.WriteLine("fact end");
    }

    private static void Say(string name, string value) => Console.WriteLine($"fact {name} {value}");
}
