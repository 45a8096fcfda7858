using System.Net.Security;

namespace WorkerHost;

/// <summary>A task endpoint that is there already, and what a pool must know to use it. Immutable.</summary>
public sealed record EndpointAddress
{
    /// <param name="address"><c>unix:///path/to/socket</c> (the path to the letter, without escapes), <c>http://host:port</c> or <c>https://host:port</c>.</param>
    /// <exception cref="ArgumentException">It has none of these forms.</exception>
    public EndpointAddress(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri)
            || (uri.Scheme == UnixAddress.Scheme
                ? !address.StartsWith("unix:///", StringComparison.OrdinalIgnoreCase) || address.EndsWith('/')
                : uri.Scheme is not ("http" or "https")))
        {
            throw new ArgumentException($"'{address}' is no endpoint address: use unix:///path/to/socket, http://host:port or https://host:port");
        }

        Address = uri;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>
    /// What the endpoint wants to be shown with every call, as <c>authorization: Bearer …</c>: a worker that listens on TCP
    /// has it from its launch line. Null, the default: nothing is shown. One or more visible ASCII characters. It is in no
    /// log, message or <see cref="ToString"/>; over <c>http</c> it travels in the clear, so keep that to the loopback.
    /// </summary>
    /// <exception cref="ArgumentException">It is empty or has other characters.</exception>
    public string? Secret
    {
        get;
        init => field = value is null || (value.Length > 0 && value.All(static c => c is > ' ' and <= '~'))
            ? value
            : throw new ArgumentException($"EndpointAddress.Secret cannot be sent: it has {value.Length} characters; allowed are one or more, all of them visible ASCII", nameof(Secret));
    }

    /// <summary>
    /// Which of its pools, where the endpoint is a host with several. Null, the default: its only one; a host with several refuses that, and names
    /// them. 1 to 64 ASCII letters, digits, '-', '_' and '.'. A worker does not mind.
    /// </summary>
    /// <exception cref="ArgumentException">It is no name of a pool.</exception>
    public string? Pool
    {
        get;
        init => field = value is null || WorkerPoolOptions.IsName(value)
            ? value
            : throw new ArgumentException($"EndpointAddress.Pool is '{value}'; allowed are 1 to 64 ASCII letters, digits, '-', '_' and '.', or null for the host's only pool", nameof(Pool));
    }

    /// <summary>
    /// How TLS is spoken at an address of <c>https</c>: whom to trust beside or instead of whom the system trusts, and which certificate to show. Null, the
    /// default: whom the system trusts, and none is shown. It belongs to the pool from then on and must not be changed; the protocols of
    /// <c>ApplicationProtocols</c> are the pool's affair. At other addresses it is of no account.
    /// </summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>
    /// How many tasks to give at the same time to an endpoint that has no sessions. Default 1; from 1 to 100 000, and what
    /// its server allows in streams per connection bounds it, too. An endpoint with sessions says itself how many it runs.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not in that range.</exception>
    public int Concurrency
    {
        get;
        init => field = value is >= 1 and <= Client.EndpointState.MaxConcurrency
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Concurrency), value, $"EndpointAddress.Concurrency must be from 1 to {Client.EndpointState.MaxConcurrency}");
    } = 1;

    /// <summary>The address alone.</summary>
    public override string ToString() => Address.OriginalString;
}
