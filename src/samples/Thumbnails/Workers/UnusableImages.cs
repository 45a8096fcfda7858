namespace WorkerHost.Samples.Thumbnails;

/// <summary>The bytes are no image of a kind that is known.</summary>
internal sealed class NotAnImageException() : Exception("no decoder knows these bytes");

/// <summary>It begins like an image, and its data cannot be decoded.</summary>
internal sealed class BrokenImageException(string what) : Exception(what);

/// <summary>Its header asks for more pixels than are decoded.</summary>
internal sealed class TooManyPixelsException(string what) : Exception(what);
