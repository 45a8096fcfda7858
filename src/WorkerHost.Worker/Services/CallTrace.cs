using Google.Protobuf.Collections;
using Microsoft.AspNetCore.Http;

namespace WorkerHost.Worker;

/// <summary>Where a caller without an SDK says in which trace its task belongs: in the metadata of the call, as everybody's instrumentation does.</summary>
internal static class CallTrace
{
    private const string Parent = "traceparent";

    private const string State = "tracestate";

    /// <summary>Hands it on to the task. What the task's own headers say goes before.</summary>
    public static void Carry(IHeaderDictionary from, MapField<string, string> to)
    {
        if (from.TraceParent is not { Count: > 0 } parent || to.ContainsKey(Parent))
        {
            return;
        }

        to[Parent] = parent.ToString();
        if (from.TraceState is { Count: > 0 } state)
        {
            to[State] = state.ToString();
        }
    }
}
