using SkiaSharp;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>Cameras write the pixels as the sensor lay, and into the EXIF block how to turn them.</summary>
internal static class Orientation
{
    /// <summary>Draws the pixels in that width and height, then turned and mirrored so that they are upright.</summary>
    public static SKImage DrawUpright(SKBitmap pixels, SKEncodedOrigin origin, int width, int height)
    {
        var lies = origin >= SKEncodedOrigin.LeftTop;
        using var surface = SKSurface.Create(pixels.Info.WithSize(lies ? height : width, lies ? width : height));
        surface.Canvas.Concat(Matrix(origin, width, height));
        using var image = SKImage.FromBitmap(pixels);
        surface.Canvas.DrawImage(image, SKRect.Create(width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return surface.Snapshot();
    }

    private static SKMatrix Matrix(SKEncodedOrigin origin, int width, int height) => origin switch
    {
        SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, width, 0, 1, 0, 0, 0, 1),
        SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, width, 0, -1, height, 0, 0, 1),
        SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, height, 0, 0, 1),
        SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightTop => new SKMatrix(0, -1, height, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, height, -1, 0, width, 0, 0, 1),
        SKEncodedOrigin.LeftBottom => new SKMatrix(0, 1, 0, -1, 0, width, 0, 0, 1),
        _ => SKMatrix.Identity,
    };
}
