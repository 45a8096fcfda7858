using WorkerHost;
using WorkerHost.ConformanceWorker;

// The tasks that tests/conformance/README.md asks of every worker.
var worker = WorkerApplication.Create(args);
PlainTasks.Map(worker);
FailingTasks.Map(worker);
LongTasks.Map(worker);
StreamedTasks.Map(worker);
return await worker.RunAsync();
