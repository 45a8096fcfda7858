using SkiaSharp;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>Makes thumbnails with a native library. Runs in workers only.</summary>
internal static class Thumbnailer
{
    /// <summary>More are not decoded: a file of a few hundred bytes can ask for gigabytes. 50 million are 200 MB here.</summary>
    public const long MaxPixels = 50_000_000;

    private const int JpegQuality = 85;

    /// <summary>
    /// Fits the image into a square of <paramref name="size"/> pixels, upright, never larger than it is: JPEG, or PNG where
    /// it may be transparent.
    /// </summary>
    /// <exception cref="NotAnImageException">No decoder knows the bytes.</exception>
    /// <exception cref="TooManyPixelsException">Its header says more than <see cref="MaxPixels"/>; nothing was decoded.</exception>
    /// <exception cref="BrokenImageException">It begins like an image and is none.</exception>
    public static unsafe byte[] Make(ReadOnlyMemory<byte> image, int size)
    {
        using var pin = image.Pin();
        using var data = SKData.Create((nint)pin.Pointer, image.Length);
        using var codec = SKCodec.Create(data) ?? throw new NotAnImageException();
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height > MaxPixels)
        {
            throw new TooManyPixelsException($"{width} x {height} pixels, and at most {MaxPixels / 1_000_000} million are read");
        }

        using var pixels = Decode(codec, size);
        var scale = Scale(pixels.Info.Size, size);
        using var thumbnail = Orientation.DrawUpright(pixels, codec.EncodedOrigin, Side(pixels.Width, scale), Side(pixels.Height, scale));
        using var encoded = thumbnail.Encode(pixels.Info.IsOpaque ? SKEncodedImageFormat.Jpeg : SKEncodedImageFormat.Png, JpegQuality);
        return encoded.ToArray();
    }

    private static SKBitmap Decode(SKCodec codec, int size)
    {
        // JPEG and WebP can be decoded smaller than they are, which saves most of the time; twice the size leaves something to smooth.
        var reduced = codec.GetScaledDimensions(Math.Min(1, 2 * Scale(codec.Info.Size, size)));
        var pixels = new SKBitmap(codec.Info.WithSize(reduced.Width, reduced.Height).WithColorType(SKColorType.Rgba8888));
        var result = codec.GetPixels(pixels.Info, pixels.GetPixels());
        if (result == SKCodecResult.Success)
        {
            return pixels;
        }

        pixels.Dispose();
        throw new BrokenImageException(result == SKCodecResult.IncompleteInput ? "it ends too early" : $"its data cannot be decoded ({result})");
    }

    private static float Scale(SKSizeI from, int size) => Math.Min(1, (float)size / Math.Max(from.Width, from.Height));

    private static int Side(int pixels, float scale) => Math.Max(1, (int)MathF.Round(pixels * scale));
}
