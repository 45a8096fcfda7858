namespace WorkerHost.Samples.Quickstart;

/// <summary>What people should know, beside the results.</summary>
internal static class StandardError
{
    /// <summary>Where it cannot be told it is not: that is no reason to fail.</summary>
    public static void Tell(string text)
    {
        try
        {
            Console.Error.WriteLine(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // nobody hears it
        }
    }
}
