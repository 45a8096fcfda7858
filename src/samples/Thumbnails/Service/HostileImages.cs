using System.Security.Cryptography;
using Microsoft.Extensions.Caching.Memory;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>
/// The images that cost a worker, by their digest, for a while: who sends one again is told the same without another worker being
/// lost. Thread-safe.
/// </summary>
internal sealed class HostileImages(IMemoryCache cache, UploadLimits limits)
{
    /// <summary>What is wrong with it; null: nothing that is known.</summary>
    public Problem? Find(ReadOnlySpan<byte> image) => cache.Get<Problem>(Digest(image));

    public void Remember(ReadOnlySpan<byte> image, Problem problem) =>
        cache.Set(Digest(image), problem, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = limits.RefuseHostileFor });

    private static string Digest(ReadOnlySpan<byte> image) => Convert.ToHexString(SHA256.HashData(image));
}
