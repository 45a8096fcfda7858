namespace WorkerHost.TestWorker;

/// <summary>
/// What the initializer does: <c>--initialize-when PATH</c> (says that it runs by making PATH.here, ends when the file PATH
/// is there), <c>--initialize-deaf PATH</c> (the same, and answers its token with no more than PATH.asked), <c>--initialize-with PATH</c> (throws where the
/// file is missing), <c>--initialize-exit CODE</c>.
/// </summary>
internal static class InitializerVerbs
{
    private static int ended;

    public static void Map(WorkerApplication worker)
    {
        // How many initializers have ended in this process.
        worker.MapTask("initialized", static () => Volatile.Read(ref ended));
        for (var i = 0; i + 1 < worker.Arguments.Count; i++)
        {
            var value = worker.Arguments[i + 1];
            switch (worker.Arguments[i])
            {
                case "--initialize-when":
                    worker.Initialize(async token =>
                    {
                        await File.WriteAllTextAsync(value + ".here", "", token);
                        while (!File.Exists(value))
                        {
                            await Task.Delay(1, token);
                        }

                        Interlocked.Increment(ref ended);
                    });
                    break;
                case "--initialize-deaf":
                    worker.Initialize(token =>
                    {
                        token.UnsafeRegister(static path => File.WriteAllText(path + ".asked", ""), value);
                        File.WriteAllText(value + ".here", "");
                        while (!File.Exists(value))
                        {
                            Thread.Sleep(1);
                        }
                    });
                    break;
                case "--initialize-with":
                    worker.Initialize(_ =>
                    {
                        if (!File.Exists(value))
                        {
                            throw new FileNotFoundException($"no model at {value}");
                        }
                    });
                    break;
                case "--initialize-exit":
                    worker.Initialize(_ => Environment.Exit(int.Parse(value, System.Globalization.CultureInfo.InvariantCulture)));
                    break;
            }
        }
    }
}
