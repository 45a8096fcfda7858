namespace WorkerHost;

/// <summary>The folder with <c>WorkerHost.sln</c>, found upwards from the running program.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "WorkerHost.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no folder above {from} has WorkerHost.sln");
    }
}
