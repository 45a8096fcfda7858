using Grpc.Core;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Runs a command and makes of whatever it throws a message for people and an exit code.</summary>
internal static class Guard
{
    private const int BrokenPipe = 32;

    public static async Task<int> RunAsync(Surroundings around, Func<CancellationToken, Task<int>> command, CancellationToken cancellationToken)
    {
        using var interrupts = new Interrupts();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interrupts.Token, cancellationToken);
        try
        {
            var code = await command(either.Token).ConfigureAwait(false);
            await around.Text.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            return code;
        }
        catch (Exception e) when (IsCancellation(e) && either.IsCancellationRequested)
        {
            await FlushAsync(around).ConfigureAwait(false);
            return interrupts.ExitCode;
        }
        catch (CommandException e)
        {
            await FlushAsync(around).ConfigureAwait(false);
            await around.Error.WriteLineAsync($"workerhost: {e.Message}").ConfigureAwait(false);
            return e.ExitCode;
        }
        catch (IOException e) when (NobodyReads(e))
        {
            return ExitCode.NobodyReads;
        }
        catch (Exception e)
        {
            await FlushAsync(around).ConfigureAwait(false);
            await around.Error.WriteLineAsync($"workerhost: a defect of this program; please report it with what follows\n{e}").ConfigureAwait(false);
            return ExitCode.Defect;
        }
    }

    // What a write to a pipe says whose other end is closed. Sockets say it with an exception of their own inside.
    public static bool NobodyReads(IOException e) => e is { HResult: BrokenPipe, InnerException: null };

    private static bool IsCancellation(Exception e) => e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    private static async Task FlushAsync(Surroundings around)
    {
        try
        {
            await around.Text.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Nobody reads it; what is to be said goes to stderr.
        }
    }
}
