using System.CommandLine;
using WorkerHost.Sidecar.Programs;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost command-worker</c>: a worker whose tasks are runs of a program. To be started by a supervisor.</summary>
internal sealed class CommandWorker : Command, IHasExamples
{
    private readonly Argument<string[]> program = new("PROGRAM") { Description = "The program and its arguments, behind --; no shell is involved.", Arity = ArgumentArity.OneOrMore };

    private readonly Option<string> task = new("--task")
    {
        Description = "What callers call the task. Default: run.",
        HelpName = "NAME",
        DefaultValueFactory = static _ => "run",
    };

    private readonly Option<TimeSpan?> stopGrace = DurationOption.Create("--stop-grace", "From SIGTERM to SIGKILL of the program's group when its task is to stop. Default: 250ms.");

    public CommandWorker()
        : base(
            "command-worker",
            "A worker for any program, as the command of a pool: each task is one process of it, with the arguments as a JSON array on stdin and the result as JSON on stdout. An exit code other than 0 is a failure with the last lines of stderr, 75 one that is worth another try.")
    {
        Add(task);
        Add(stopGrace);
        Add(program);
        SetAction(RunAsync);
    }

    public IEnumerable<string> Examples =>
    [
        """workerhost serve --set pools:words:command:fileName=workerhost --set 'pools:words:command:arguments=["command-worker", "--", "jq", "length"]' --set pools:words:workers=2""",
    ];

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var worker = WorkerApplication.Create(parsed.GetValue(program)!);
        string[] command = [.. worker.Arguments];
        if (command.Length == 0)
        {
            await Console.Error.WriteLineAsync("workerhost command-worker: the program to run is missing: command-worker [--task NAME] -- PROGRAM [ARGUMENT…]").ConfigureAwait(false);
            return WrongUsage.Code;
        }

        try
        {
            worker.Map(new ProgramHandler(TaskTable.Checked(parsed.GetValue(task)!), WorkerCommand.Create(command[0], command[1..]), parsed.GetValue(stopGrace) ?? TimeSpan.FromMilliseconds(250)));
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync($"workerhost command-worker: --task: {e.Message}").ConfigureAwait(false);
            return WrongUsage.Code;
        }

        return await worker.RunAsync(cancellationToken).ConfigureAwait(false);
    }
}
