namespace WorkerHost;

/// <summary>A program or file of the system that a test cannot do without.</summary>
internal static class RequiredTool
{
    /// <summary>Without it the test fails where CI=true, and is skipped elsewhere, saying so.</summary>
    public static void Demand(bool isThere, string what)
    {
        if (!isThere)
        {
            var text = $"{what} is missing; bash tests/run installs it when run as root";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", text);
            Assert.Fail(text);
        }
    }
}
