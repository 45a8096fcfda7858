using System.CommandLine;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Arguments that several commands have.</summary>
internal static class CommonArguments
{
    public static Argument<string> Pool(string description) => new("POOL") { Description = description };

    public static Argument<string> PoolIfSeveral(string description = "Which of the host's pools; may be left out where there is only one.") =>
        new("POOL") { Description = description, Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = static _ => "" };

    public static Argument<string> Task() => new("TASK") { Description = "The name under which the workers know it; a gRPC method as /package.Service/Method." };

    public static Argument<string> Worker() => new("WORKER") { Description = "As workers shows it: images/0#3, or images/0 for whoever is there now." };

    public static Option<bool> NoWait() => new("--no-wait") { Description = "Do not wait until it is done; it goes on all the same." };
}
