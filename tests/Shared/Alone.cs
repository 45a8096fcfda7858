namespace WorkerHost;

/// <summary>For tests that look at the whole process, or want the whole machine: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
