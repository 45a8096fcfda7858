using System.Runtime.InteropServices;

namespace WorkerHost.Samples;

internal static class SupervisionPage
{
    public static async Task WatchAsync(WorkerPool pool)
    {
        await foreach (var what in pool.Supervisor.WatchAsync())
        {
            if (what is SupervisorEvent.Died { Report: var death })
            {
                Console.WriteLine(death);
            }
        }
    }

    public static async Task StopAsync(WorkerPool pool)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var hurry = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true; // or the runtime ends the process
            if (!asked.TrySetResult())
            {
                hurry.Cancel();
            }
        });

        await asked.Task;
        await pool.StopAsync(cancellationToken: hurry.Token);
    }

    public static async Task<int> InitializeAsync(string[] args)
    {
        Model model = null!;
        var worker = WorkerApplication.Create(args);
        worker.Initialize(async token => model = await Model.LoadAsync(worker.Arguments[0], token));
        worker.MapTask("score", (string text) => model.Score(text));
        return await worker.RunAsync();
    }

    internal sealed class Model(string text)
    {
        public static async Task<Model> LoadAsync(string path, CancellationToken token) => new(await File.ReadAllTextAsync(path, token));

        public double Score(string of) => of.Length / (double)text.Length;
    }
}
