using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace WorkerHost.Sidecar.Commands;

/// <summary>The commands there are; each has a file of its own beside this one.</summary>
internal static class Root
{
    public static RootCommand Create() => Create(Surroundings.OfProcess());

    public static RootCommand Create(Surroundings around)
    {
        var root = new RootCommand("Pools of worker processes beside any app, for gRPC clients of any language.")
        {
            new Serve(around),
            new Config(around),
            new Submit(around),
            new Map(around),
            new Tasks(around),
            new Pools(around),
            new Workers(around),
            new Events(around),
            new Wait(around),
            new Scale(around),
            new Restart(around),
            new Drain(around),
            new Kill(around),
            new Pause(around),
            new Resume(around),
            new Quarantine(around),
            new Explain(around),
            new Reload(around),
            new CommandWorker(),
        };
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        return root;
    }

    /// <summary>Runs what the command line says.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Surroundings around, CancellationToken cancellationToken = default)
    {
        // A value may begin with @; nothing here is read from response files.
        var parsed = Create(around).Parse(arguments.Count == 0 ? ["--help"] : arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var run = new InvocationConfiguration
        {
            Output = around.Text,
            Error = around.Error,
            EnableDefaultExceptionHandler = false,

            // Each command says itself what a signal means to it.
            ProcessTerminationTimeout = null,
        };
        if (parsed.Action is ParseErrorAction)
        {
            await WrongUsage.TellAsync(parsed, around.Error).ConfigureAwait(false);
            return WrongUsage.Code;
        }

        try
        {
            var code = await parsed.InvokeAsync(run, cancellationToken).ConfigureAwait(false);
            await around.Text.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            return arguments.Count == 0 ? ExitCode.Usage : code;
        }
        catch (IOException e) when (Guard.NobodyReads(e))
        {
            return ExitCode.NobodyReads;
        }
    }

    /// <summary>As it is typed: <c>workerhost quarantine list</c>.</summary>
    public static string PathOf(Symbol command) =>
        command is RootCommand ? "workerhost" : $"{(command.Parents.FirstOrDefault() is { } parent ? PathOf(parent) : "workerhost")} {command.Name}";
}
