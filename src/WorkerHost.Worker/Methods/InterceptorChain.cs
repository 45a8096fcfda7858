using Grpc.Core.Interceptors;

namespace WorkerHost.Worker;

/// <summary>The interceptors around a method; the first one given is the outermost.</summary>
internal static class InterceptorChain
{
    /// <param name="interceptors">From the outside in.</param>
    /// <param name="method">What they are around.</param>
    /// <param name="around">One of them around what is inside of it.</param>
    public static TMethod Around<TMethod>(Interceptor[] interceptors, TMethod method, Func<Interceptor, TMethod, TMethod> around)
        where TMethod : Delegate
    {
        for (var i = interceptors.Length - 1; i >= 0; i--)
        {
            method = around(interceptors[i], method);
        }

        return method;
    }
}
