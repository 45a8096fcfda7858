using System.Collections.Concurrent;

namespace WorkerHost.Supervision;

/// <summary>
/// The one thread of this process that starts children. It never ends: a child's parent-death signal is sent when the
/// *thread* that forked it ends, and threads of the pool retire.
/// </summary>
internal sealed class SpawnThread
{
    private static readonly Lazy<SpawnThread> Instance = new(() => new SpawnThread());

    private readonly BlockingCollection<Action> work = [];
    private SpawnThread()
    {
        Warden = new Warden(this, TimeProvider.System);
        new Thread(Run) { IsBackground = true, Name = "workerhost-spawn" }.Start();
    }

    public static SpawnThread Shared => Instance.Value;

    /// <summary>Guards the groups of the children against the death of this process.</summary>
    public Warden Warden { get; }

    /// <exception cref="SpawnException">It could not be started.</exception>
    public Task<ChildProcess> SpawnAsync(SpawnRequest request, ChildListener listener)
    {
        var result = new TaskCompletionSource<ChildProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                result.SetResult(Spawn(request, listener));
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        return result.Task;
    }

    public void Post(Action action) => work.Add(action);

    /// <summary>On this thread only.</summary>
    public ChildProcess Spawn(SpawnRequest request, ChildListener listener)
    {
        if (request.Guarded)
        {
            Warden.EnsureStarted();
        }

        var input = request.Input ?? new InputPipe();
        var output = new PipePair { ReadEnd = -1, WriteEnd = -1 };
        var error = output;
        ChildProcess? child = null;
        try
        {
            if (request.CaptureOutput)
            {
                output = PipePair.Open();
                error = PipePair.Open();
                PipePair.MakeNonBlocking(output.ReadEnd);
                PipePair.MakeNonBlocking(error.ReadEnd);
            }

            // Before the spawn: the child finds its first line without waiting for us. It fits into the pipe.
            if (!input.Write(request.FirstInput.Span))
            {
                throw new SpawnException($"its first line of {request.FirstInput.Length} bytes does not fit into a pipe: {Libc.Message(Libc.Errno)}");
            }

            var pid = PosixSpawn.Start(request, new PosixSpawn.Stdio(input.ReadEnd, output.WriteEnd, error.WriteEnd));
            if (pid < 0)
            {
                throw new SpawnException(Libc.Message(-pid) + (pid == -Libc.ENOEXEC ? "; it is neither a program for this processor nor a script that begins with #! and its interpreter" : ""));
            }

            // Before anyone is told of it: nobody has reaped it yet, unless this process gives its children to somebody else.
            var identity = ProcessIdentity.Holder(pid);
            if (request.Guarded)
            {
                Warden.Guard(identity, request.ControlGroup);
            }

            child = new ChildProcess(identity, input, request.ControlGroup);
            var pidfd = request.WithoutPidfd ? -1 : Libc.PidfdOpen(pid);
            ProcessWatcher.Shared.Watch(new WatchedChild(child, listener, pidfd, output.ReadEnd, error.ReadEnd, request.Guarded ? Warden : null));
            output.ReadEnd = error.ReadEnd = -1;
            return child;
        }
        finally
        {
            input.CloseReadEnd();
            if (child is null)
            {
                input.Dispose();
            }

            PipePair.Close(ref output.ReadEnd);
            PipePair.Close(ref output.WriteEnd);
            PipePair.Close(ref error.ReadEnd);
            PipePair.Close(ref error.WriteEnd);
        }
    }

    private void Run()
    {
        foreach (var action in work.GetConsumingEnumerable())
        {
            action();
        }
    }
}

/// <summary>The operating system would not start a process; the message says why.</summary>
internal sealed class SpawnException(string message) : IOException(message);
