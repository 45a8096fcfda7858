using System.Security.Cryptography;

namespace WorkerHost.Samples.Functions;

public static class FileTasks                       // in a project that caller and worker share, or in the one program that is both
{
    public static string Sha256(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));

    public static async Task<int> Lines(string path, CancellationToken token) => (await File.ReadAllLinesAsync(path, token)).Length;

    public static bool Same(string path, string other) => File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(other));
}

internal static class FunctionsPage
{
    public static async Task ShowAsync(WorkerApplication worker, WorkerPool pool, string path, IEnumerable<string> paths, Action<object?> log)
    {
        worker.MapTasks(typeof(FileTasks));                 // in the worker

        string digest = await pool.Submit(FileTasks.Sha256, path);
        int lines = await pool.Submit(FileTasks.Lines, path, new TaskOptions { TimeLimit = TimeSpan.FromSeconds(5) });
        await foreach (var d in pool.Map(FileTasks.Sha256, paths))
        {
            log(d);
        }
    }
}
