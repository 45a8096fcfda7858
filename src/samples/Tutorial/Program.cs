using WorkerHost;
using WorkerHost.Samples.Tutorial;

// Started again as a worker: for Processes and ProcessExecutor. (Python's `if __name__ == "__main__"` guards the rest of such a program.)
if (WorkerApplication.IsWorker)
{
    var worker = WorkerApplication.Create(args);
    worker.MapTasks(typeof(Primes));
    return await worker.RunAsync();
}

var programs = new Dictionary<string, Func<Task>>
{
    ["threads"] = Threads.RunAsync,
    ["processes"] = Processes.RunAsync,
    ["thread-executor"] = ThreadExecutor.RunAsync,
    ["process-executor"] = ProcessExecutor.RunAsync,
};

if (args is not [] && !(args is [var one] && programs.ContainsKey(one)))
{
    await Console.Error.WriteLineAsync($"usage: Tutorial [{string.Join('|', programs.Keys)}]\n\nWithout an argument all four run, one after the other.");
    return 2;
}

foreach (var name in args is [] ? [.. programs.Keys] : args)
{
    Console.WriteLine($"{name}:");
    await programs[name]();
}

return 0;
