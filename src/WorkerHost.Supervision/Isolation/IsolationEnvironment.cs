using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>Variables that follow from isolation.</summary>
internal static class IsolationEnvironment
{
    private static readonly string[] HeapLimits =
        ["DOTNET_GCHeapHardLimit", "DOTNET_GCHeapHardLimitPercent", "COMPlus_GCHeapHardLimit", "COMPlus_GCHeapHardLimitPercent"];

    /// <summary>Whose home and name the host's variables are not.</summary>
    public static void Rename(IDictionary<string, string> inherited, UserAccount? account)
    {
        if (account is null)
        {
            return;
        }

        foreach (var (name, value) in new[] { ("HOME", account.Home), ("USER", account.Name), ("LOGNAME", account.Name) })
        {
            inherited.Remove(name);
            if (value is not null)
            {
                inherited[name] = value;
            }
        }

        if (inherited.TryGetValue("TMPDIR", out var temporary) && !IsOfUse(temporary, account))
        {
            inherited.Remove("TMPDIR");
        }
    }

    /// <summary>Whether the host's directory for temporary files is one for that user, too.</summary>
    public static bool IsOfUse(string temporaryDirectory, UserAccount? account) => account is null || account.MayWriteIn(temporaryDirectory);

    /// <summary>What the runtime itself takes of a container's memory: three quarters. It reads the value as hexadecimal.</summary>
    public static void LimitHeap(IDictionary<string, string> environment, long? memoryLimit)
    {
        if (memoryLimit is { } limit && !HeapLimits.Any(environment.ContainsKey))
        {
            environment[HeapLimits[0]] = (limit / 4 * 3).ToString("X", CultureInfo.InvariantCulture);
        }
    }
}
