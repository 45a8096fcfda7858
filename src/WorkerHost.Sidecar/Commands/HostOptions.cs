using System.CommandLine;

namespace WorkerHost.Sidecar.Commands;

/// <summary>The options that say which host is meant, for each command that talks to one.</summary>
internal sealed class HostOptions
{
    private readonly Option<string?> host = new("--host")
    {
        Description = $"Its address: unix:///path, http://host:port or https://host:port; of its data plane for tasks, of its admin plane for the rest. Default: the first that is there of ${HostLocation.AddressVariable}, the file ${HostLocation.FileVariable} names, the file that serve writes.",
        HelpName = "ADDRESS",
    };

    private readonly Option<string?> endpointFile = new("--endpoint-file")
    {
        Description = "The file in which the host has written its addresses (serve --endpoint-file).",
        HelpName = "FILE",
    };

    private readonly Option<string?> tokenFile = new("--token-file")
    {
        Description = "A file with the token to show to a host over TCP. Default: the one that the endpoint file names.",
        HelpName = "FILE",
    };

    private readonly Option<string?> authority = new("--authority")
    {
        Description = "A PEM file with those who may have signed the certificate of a host at https, and nobody else. Default: the certificate that the endpoint file names, and whom the system trusts.",
        HelpName = "FILE",
    };

    private readonly Option<string?> certificate = new("--certificate")
    {
        Description = "A PEM file with the certificate to show to a host that asks for one (tls:clientAuthority).",
        HelpName = "FILE",
    };

    private readonly Option<string?> key = new("--key")
    {
        Description = "A PEM file with the private key of --certificate. Default: it is in the same file.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(host);
        command.Add(endpointFile);
        command.Add(tokenFile);
        command.Add(authority);
        command.Add(certificate);
        command.Add(key);
        command.Validators.Add(result =>
        {
            if (result.GetValue(host) is not null && result.GetValue(endpointFile) is not null)
            {
                result.AddError("--host and --endpoint-file both say where the host is; give one of them");
            }

            if (result.GetValue(key) is not null && result.GetValue(certificate) is null)
            {
                result.AddError("--key is the private key of a certificate; give --certificate, too");
            }
        });
    }

    /// <summary>Where the host is, as far as anybody has said; whether it is there is seen by asking it.</summary>
    /// <exception cref="CommandException">Nobody has said, or what was said cannot be used.</exception>
    public HostLocation Of(ParseResult parsed, Surroundings around) =>
        HostLocation.Find(parsed.GetValue(host), parsed.GetValue(endpointFile), parsed.GetValue(tokenFile), around) with
        {
            Tls = new HostTls(parsed.GetValue(authority), parsed.GetValue(certificate), parsed.GetValue(key)),
        };
}
