using System.Collections.Immutable;
using Grpc.Core;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>A request names no pool of this host; the message names those there are.</summary>
internal sealed class NoSuchPoolException : Exception
{
    private NoSuchPoolException(string message, bool isAmbiguous)
        : base(message) => IsAmbiguous = isAmbiguous;

    /// <summary>The request names none, and there are several. False: it names one that is not there, or there is none at all.</summary>
    public bool IsAmbiguous { get; }

    /// <summary>What a gRPC call is told: INVALID_ARGUMENT where a name is missing, else NOT_FOUND.</summary>
    public Status Status => new(IsAmbiguous ? StatusCode.InvalidArgument : StatusCode.NotFound, Message);

    public static NoSuchPoolException Unnamed(ImmutableArray<HostedPool> pools) => pools.IsEmpty
        ? new("this host has no pools", false)
        : new($"this host has several pools, and the request names none; name one of {Names(pools)}", true);

    public static NoSuchPoolException Unknown(string name, ImmutableArray<HostedPool> pools) => new(
        pools.IsEmpty ? $"there is no pool \"{name}\": this host has no pools" : $"there is no pool \"{name}\" here; the pools are {Names(pools)}", false);

    private static string Names(ImmutableArray<HostedPool> pools) => string.Join(", ", pools.Select(static pool => pool.Name));
}
