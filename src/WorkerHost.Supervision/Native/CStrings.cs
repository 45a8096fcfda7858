using System.Runtime.InteropServices;
using System.Text;

namespace WorkerHost.Supervision;

/// <summary>Strings as C wants them, for the length of one call: single ones and null-terminated lists.</summary>
internal sealed unsafe class CStrings : IDisposable
{
    private readonly List<nint> blocks = [];

    public byte* One(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"\"{text.Replace("\0", "\\0", StringComparison.Ordinal)}\" contains a NUL, which no process argument or variable can hold");
        }

        var length = Encoding.UTF8.GetByteCount(text);
        var block = (byte*)Allocate(length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(block, length));
        block[length] = 0;
        return block;
    }

    public byte** Many(IReadOnlyList<string> texts)
    {
        var block = (byte**)Allocate((texts.Count + 1) * sizeof(byte*));
        for (var i = 0; i < texts.Count; i++)
        {
            block[i] = One(texts[i]);
        }

        block[texts.Count] = null;
        return block;
    }

    public void Dispose()
    {
        foreach (var block in blocks)
        {
            NativeMemory.Free((void*)block);
        }

        blocks.Clear();
    }

    private void* Allocate(int size)
    {
        var block = NativeMemory.Alloc((nuint)size);
        blocks.Add((nint)block);
        return block;
    }
}
