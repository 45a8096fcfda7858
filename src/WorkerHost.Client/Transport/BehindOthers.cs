using System.Runtime.CompilerServices;

namespace WorkerHost.Client;

/// <summary>
/// Goes on behind the work that the thread pool has already. A yield of the runtime's goes to the front of the thread's own queue and so before the
/// continuations that an outcome has just released; those are what a frame has to gather.
/// </summary>
internal readonly struct BehindOthers : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public BehindOthers GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static action => action(), continuation, preferLocal: false);
}
