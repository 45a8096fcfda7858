using WorkerHost.Supervision.Dummy;

// A real executable with verbs, for tests of supervision. It uses no SDK of ours: what it knows of the launch contract
// is what any language would know.
return args switch
{
    ["serve", .. var manners] => await HealthWorker.RunAsync([.. manners.TakeWhile(m => m != "--workerhost-worker")]),
    ["host", var directory, var workers, .. var manners] => await KillableHost.RunAsync(directory, int.Parse(workers), manners),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("serve [MANNER …] | host DIRECTORY WORKERS [MANNER …]");
    return 2;
}
