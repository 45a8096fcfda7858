namespace WorkerHost.Client.Tests;

/// <summary>The overloads that take functions are as their writer writes them.</summary>
public sealed class FunctionOverloadTests
{
    [Fact]
    public void The_overloads_are_as_they_are_written()
    {
        var path = Path.Combine(RepositoryRoot.Path, "src/WorkerHost.Client/Pool/WorkerPool.Functions.cs");
        var written = FunctionOverloads.Write();
        if (Environment.GetEnvironmentVariable("WORKERHOST_WRITE_OVERLOADS") == "1")
        {
            File.WriteAllText(path, written);
        }

        Assert.Equal(written, File.ReadAllText(path));
    }
}
