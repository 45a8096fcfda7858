using WorkerHost;
using WorkerHost.TestWorker;

// A worker that does on request what workers are feared for. The verbs are the tasks; what it should do before it is
// ready stands on the command line.
LaunchVerbs.Run(args);
var worker = WorkerApplication.Create(args);
if (BootVerbs.Run(worker.Arguments) is { } exitCode)
{
    return exitCode;
}

InitializerVerbs.Map(worker);
ValueTasks.Map(worker);
StoppingTasks.Map(worker);
DyingTasks.Map(worker);
OutputTasks.Map(worker);
FileTasks.Map(worker);
PeerTasks.Map(worker);
TracedTasks.Map(worker);
BackgroundTasks.Map(worker);
ServiceTasks.Map(worker);
GrpcServices.Map(worker);
StreamTasks.Map(worker);
worker.MapTasks(typeof(Shapes));
worker.MapTasks(typeof(StreamShapes));
return await worker.RunAsync();
