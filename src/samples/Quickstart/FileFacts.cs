using System.Buffers;
using System.Security.Cryptography;

namespace WorkerHost.Samples.Quickstart;

/// <summary>What the workers find out about one file.</summary>
/// <param name="Sha256">In lower-case hexadecimal digits.</param>
/// <param name="Size">Bytes read.</param>
/// <param name="Lines">Bytes with the value 0x0A.</param>
internal sealed record FileFacts(string Sha256, long Size, long Lines)
{
    private const int BufferBytes = 256 * 1024;

    public static FileFacts Compute(string path, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long size = 0;
            long lines = 0;
            while (RandomAccess.Read(file, buffer, size) is > 0 and var read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                lines += buffer.AsSpan(0, read).Count((byte)'\n');
                size += read;
            }

            return new FileFacts(Convert.ToHexStringLower(hash.GetHashAndReset()), size, lines);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
