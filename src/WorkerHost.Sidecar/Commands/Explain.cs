using System.CommandLine;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost explain</c>: why, in plain sentences.</summary>
internal sealed class Explain : Command
{
    public Explain(Surroundings around)
        : base("explain", "Says why: a worker, a task, or what is not ready.")
    {
        var worker = CommonArguments.Worker();
        var id = new Argument<string>("ID") { Description = "The task's id." };
        var where = new Option<string>("--pool") { Description = "Look only there.", HelpName = "POOL", DefaultValueFactory = static _ => "" };
        var pool = CommonArguments.PoolIfSeveral("Only this pool.");
        Add(new ExplainAbout(
            around, "worker", "Why does it take no tasks, why did it die?", "workerhost explain worker images/0", [worker], parsed => new ExplainRequest { Worker = parsed.GetValue(worker) }));
        Add(new ExplainAbout(
            around, "task", "Where is it, and why has it not begun?", "workerhost explain task cat-7", [id, where],
            parsed => new ExplainRequest { Task = new TaskQuestion { Id = parsed.GetValue(id), Pool = parsed.GetValue(where) } }));
        Add(new ExplainAbout(
            around, "readiness", "Why is the host, or one pool of it, not ready?", "workerhost explain readiness", [pool],
            parsed => new ExplainRequest { Readiness = new ReadinessQuestion { Pool = parsed.GetValue(pool) } }));
    }

    private sealed class ExplainAbout : HostCommand, IHasExamples
    {
        private readonly Func<ParseResult, ExplainRequest> question;
        private readonly string example;

        public ExplainAbout(Surroundings around, string name, string description, string example, Symbol[] symbols, Func<ParseResult, ExplainRequest> question)
            : base(name, description, around)
        {
            this.question = question;
            this.example = example;
            foreach (var symbol in symbols)
            {
                if (symbol is Argument argument)
                {
                    Add(argument);
                }
                else
                {
                    Add((Option)symbol);
                }
            }

            AddCommonOptions();
        }

        public IEnumerable<string> Examples => [example];

        protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
        {
            var request = question(parsed);
            var answer = await AskAsync(parsed, (host, headers, token) => host.ExplainAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
            return await ToldAsync(parsed, answer, Printable.Lines(string.Join('\n', answer.Sentences))).ConfigureAwait(false);
        }
    }
}
