using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace WorkerHost.Samples.Thumbnails;

/// <summary>Images to try the service with, made without the library that is tried: good ones, broken ones, hostile ones.</summary>
internal static class SampleImages
{
    public static readonly string[] Names = ["good", "crash", "hang", "hoard", "truncated", "bomb", "noise"];

    /// <summary>Null: there is none of that name.</summary>
    public static byte[]? Find(string name) => name switch
    {
        "good" => Png(640, 480),
        "crash" or "hang" or "hoard" => Png(64, 64, DecoderBug.Marker + name),
        "truncated" => Png(640, 480)[..1000],
        "bomb" => Bomb(),
        "noise" => Noise(),
        _ => null,
    };

    /// <summary>A picture of some colours, with a comment that no decoder looks at.</summary>
    public static byte[] Png(int width, int height, string? comment = null)
    {
        var rows = new byte[height * (1 + (3 * width))];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var pixel = rows.AsSpan((y * (1 + (3 * width))) + 1 + (3 * x), 3);
                pixel[0] = (byte)(255 * x / width);
                pixel[1] = (byte)(255 * y / height);
                pixel[2] = (byte)(x ^ y);
            }
        }

        return Png(width, height, rows, comment);
    }

    /// <summary>A few hundred bytes that ask for ten gigabytes.</summary>
    private static byte[] Bomb() => Png(50_000, 50_000, new byte[100_000], comment: null);

    private static byte[] Noise()
    {
        var noise = new byte[4096];
        new Random(1).NextBytes(noise);
        return noise;
    }

    private static byte[] Png(int width, int height, byte[] rows, string? comment)
    {
        using var png = new MemoryStream();
        png.Write([0x89, .. "PNG\r\n\x1A\n"u8]);

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8; // bits
        header[9] = 2; // red, green, blue
        Chunk(png, "IHDR", header);
        if (comment is not null)
        {
            Chunk(png, "tEXt", Encoding.ASCII.GetBytes("Comment\0" + comment));
        }

        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        Chunk(png, "IDAT", compressed.ToArray());
        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    private static void Chunk(MemoryStream png, string type, byte[] content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        byte[] checkedBytes = [.. Encoding.ASCII.GetBytes(type), .. content];
        png.Write(checkedBytes);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32(checkedBytes));
        png.Write(number);
    }

    private static uint Crc32(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }
}
