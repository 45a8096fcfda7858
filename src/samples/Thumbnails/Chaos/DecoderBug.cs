using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>
/// Does to the worker what bugs in native decoders do, for images that ask for it in a comment. Only with --hostile: files
/// that really crash a decoder become useless as soon as it is mended.
/// </summary>
internal static partial class DecoderBug
{
    /// <summary>A comment in the image: this, and one of crash, hang and hoard.</summary>
    public const string Marker = "thumbnails-chaos:";

    private static readonly byte[] MarkerBytes = Encoding.ASCII.GetBytes(Marker);

    public static void StrikeIfMarked(ReadOnlySpan<byte> image)
    {
        var at = image.IndexOf(MarkerBytes);
        if (at < 0)
        {
            return;
        }

        var bug = image[(at + MarkerBytes.Length)..];
        if (bug.StartsWith("crash"u8))
        {
            WriteToAddressZero();
        }
        else if (bug.StartsWith("hang"u8))
        {
            LoopForEver();
        }
        else if (bug.StartsWith("hoard"u8))
        {
            AllocateWithoutEnd();
        }
    }

    // In native code, because .NET makes an exception of a fault in managed code.
    private static void WriteToAddressZero() => _ = MemSet(0, 0, 1);

    // No token is looked at here, as in a decoder that follows a list which bites its own tail.
    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static void LoopForEver()
    {
        while (true)
        {
        }
    }

    private static unsafe void AllocateWithoutEnd()
    {
        const nuint Block = 16 << 20;
        while (true)
        {
            // Memory counts once it was written to.
            NativeMemory.Fill(NativeMemory.Alloc(Block), Block, 1);
        }
    }

    [LibraryImport("libc", EntryPoint = "memset")]
    private static partial nint MemSet(nint address, int value, nuint bytes);
}
