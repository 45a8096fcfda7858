namespace WorkerHost.Worker.Tests.@event;

/// <summary>Every name of it has to be escaped in code and is not in reflection.</summary>
#pragma warning disable CA1716 // that is what it is for
public static class @base
{
    public static int @new(int @int) => @int + 1;
}
