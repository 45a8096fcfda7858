using Grpc.Core;
using WorkerHost;
using WorkerHost.Samples;
using WorkerHost.Samples.V1;

if (WorkerApplication.IsWorker)
{
    var worker = WorkerApplication.Create(args);
    worker.MapGrpcService<CounterService>();
    return await worker.RunAsync();
}

await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self());
var client = new Counter.CounterClient(pool.CreateCallInvoker(new TaskOptions { Idempotent = true, TimeLimit = TimeSpan.FromSeconds(5) }));
try
{
    var counted = await client.CountAsync(new Line { Text = string.Join(' ', args) });
    Console.WriteLine(counted.Words);
}
catch (RpcException e) when (e.InnerException is TaskException { Kind: TaskFailureKind.WorkerLost } lost)
{
    Console.Error.WriteLine(lost.Failure.Deaths[0]);
}
catch (RpcException e)
{
    Console.Error.WriteLine(e.Status);                // the method's own answer: InvalidArgument, there is nothing to count
}

return 0;
