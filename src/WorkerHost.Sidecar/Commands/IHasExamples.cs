namespace WorkerHost.Sidecar.Commands;

/// <summary>A command whose help shows how it is used.</summary>
internal interface IHasExamples
{
    IEnumerable<string> Examples { get; }
}
