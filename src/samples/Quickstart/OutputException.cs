using System.Runtime.InteropServices;

namespace WorkerHost.Samples.Quickstart;

/// <summary>Nothing more can be told on stdout.</summary>
internal sealed class OutputException(int error) : IOException($"stdout cannot be written: {Marshal.GetPInvokeErrorMessage(error)}")
{
    /// <summary>Like <c>head</c>, which has seen enough.</summary>
    public bool ReaderHasGone => error == Libc.EPIPE;
}
