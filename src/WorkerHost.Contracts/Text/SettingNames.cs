using System.Collections.Concurrent;

namespace WorkerHost;

/// <summary>
/// What the settings of a pool are called where its messages are read. The code knows them as .NET members and always says those; whoever reads them in a
/// program has the same words, and for a host they are the keys of its configuration, the fields of its contract and its commands. Thread-safe.
/// </summary>
/// <param name="name">From <c>WorkerPoolOptions.QueueCapacity</c> to what that is called; called once for each.</param>
/// <param name="call">The same of a method with its argument, <c>WorkerPool.Release</c>.</param>
internal sealed class SettingNames(Func<string, string> name, Func<string, string, string> call)
{
    private readonly ConcurrentDictionary<string, string> known = new(StringComparer.Ordinal);

    /// <summary>The .NET members.</summary>
    public static SettingNames Members { get; } = new(static member => member, static (method, argument) => $"{method}(\"{argument}\")");

    /// <summary>Whoever reads it writes .NET.</summary>
    public bool AreMembers => ReferenceEquals(this, Members);

    /// <summary>What a member is called.</summary>
    /// <param name="member">A literal: whatever was asked for is kept.</param>
    public string this[string member] => known.GetOrAdd(member, name);

    /// <summary>What is done to call a method of the pool.</summary>
    public string Call(string method, string argument) => call(method, argument);
}
