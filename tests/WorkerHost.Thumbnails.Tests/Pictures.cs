using SkiaSharp;
using WorkerHost.Samples.Thumbnails;

namespace WorkerHost.Thumbnails.Tests;

/// <summary>Images for the tests.</summary>
internal static class Pictures
{
    public static byte[] Encode(int width, int height, SKEncodedImageFormat format, Action<SKCanvas>? draw = null)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        draw?.Invoke(surface.Canvas);
        using var image = surface.Snapshot();
        using var data = image.Encode(format, 95);
        return data.ToArray();
    }

    /// <summary>Left half red, right half blue, and the mark of a camera that was held in that way (EXIF, 1 to 8).</summary>
    public static byte[] Photo(int width, int height, byte origin)
    {
        var jpeg = Encode(width, height, SKEncodedImageFormat.Jpeg, canvas =>
        {
            canvas.Clear(SKColors.Blue);
            canvas.ClipRect(new SKRect(0, 0, width / 2f, height));
            canvas.Clear(SKColors.Red);
        });

        // APP1, its length, the TIFF header, one entry: orientation (0x0112), a short, once.
        byte[] exif =
        [
            0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, .. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1,
            0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, origin, 0, 0, 0, 0, 0, 0,
        ];
        return [.. jpeg[..2], .. exif, .. jpeg[2..]];
    }

    public static SKBitmap Decode(byte[] thumbnail) => SKBitmap.Decode(thumbnail);

    /// <summary>Each is an image of its own, so that none is refused because another like it was.</summary>
    public static byte[] Hostile(string bug, int number = 0) => SampleImages.Png(32, 32, $"{DecoderBug.Marker}{bug} {number}");

    public static byte[] Sample(string name) => SampleImages.Find(name)!;
}
