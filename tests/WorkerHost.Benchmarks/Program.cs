using WorkerHost;
using WorkerHost.Benchmarks;

if (WorkerApplication.IsWorker)
{
    var worker = WorkerApplication.Create(args);
    worker.MapTask("echo", static (data, _, _) => new ValueTask<ReadOnlyMemory<byte>>(data));
    worker.MapTask("compute", static (double milliseconds) => Work.Compute(milliseconds));
    worker.MapTask("occupy_short", static (double milliseconds) => Work.Occupy(milliseconds));
    worker.MapTask("occupy_long", static (double milliseconds) => Work.Occupy(milliseconds));
    worker.MapTasks(typeof(Functions));
    worker.MapGrpcService<EchoService>();
    return await worker.RunAsync();
}

if (args is [RawUnaryServer.Verb, var socket])
{
    return await RawUnaryServer.RunAsync(socket);
}

if (BenchmarkOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(BenchmarkOptions.Usage);
    return 2;
}

var figures = await BenchmarkRun.RunAsync(options, Console.Out);
if (options.JsonFile is { } file)
{
    FigureFile.Write(file, figures);
}

RatioTable.Print(Console.Out, figures);
return 0;
