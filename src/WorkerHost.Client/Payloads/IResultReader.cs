namespace WorkerHost.Client;

/// <summary>Makes a value of a result's bytes.</summary>
internal interface IResultReader<out T>
{
    /// <exception cref="Exception">Any: the bytes are not a T; reported as such.</exception>
    T Read(ReadOnlyMemory<byte> data, string contentType);
}
