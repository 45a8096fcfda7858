using System.CommandLine;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary>A command that talks to a running host.</summary>
internal abstract class HostCommand : Command
{
    private readonly HostOptions host = new();
    private readonly OutputOption output = new();

    /// <param name="name">As it is typed.</param>
    /// <param name="description">One line, for the list of commands.</param>
    /// <param name="around">What it finds around it.</param>
    protected HostCommand(string name, string description, Surroundings around)
        : base(name, description)
    {
        Around = around;
        SetAction((parsed, token) => Guard.RunAsync(around, interrupted => RunAsync(parsed, interrupted), token));
    }

    protected Surroundings Around { get; }

    /// <summary>Adds what every such command has, behind its own options.</summary>
    protected void AddCommonOptions()
    {
        output.AddTo(this);
        host.AddTo(this);
    }

    protected abstract Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken);

    protected bool AsJson(ParseResult parsed) => output.IsJson(parsed);

    protected HostLocation Location(ParseResult parsed) => host.Of(parsed, Around);

    /// <summary>Asks the admin plane.</summary>
    /// <exception cref="CommandException">It is not there, or refuses.</exception>
    protected async Task<T> AskAsync<T>(
        ParseResult parsed, Func<SupervisorAdmin.SupervisorAdminClient, Metadata?, CancellationToken, AsyncUnaryCall<T>> ask, CancellationToken cancellationToken)
    {
        using var connection = HostConnection.Admin(Location(parsed));
        try
        {
            return await ask(connection.Admin(), connection.Headers, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw connection.Refused(e);
        }
    }

    /// <summary>Says what was done, or with <c>--output json</c> what the host answered.</summary>
    protected async Task<int> ToldAsync(ParseResult parsed, Google.Protobuf.IMessage answer, string inWords)
    {
        await Around.Text.WriteLineAsync(AsJson(parsed) ? ContractJson.Document(answer) : inWords).ConfigureAwait(false);
        return ExitCode.Done;
    }
}
