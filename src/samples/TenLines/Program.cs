using WorkerHost;

if (WorkerApplication.IsWorker)                       // the same program, started again as a worker
{
    var worker = WorkerApplication.Create(args);
    worker.MapTask("add", (int a, int b) => a + b);
    return await worker.RunAsync();
}

await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self());
Console.WriteLine(await pool.Submit<int>("add", [1, 2]));
return 0;
