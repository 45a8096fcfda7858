namespace WorkerHost.Samples.Quickstart;

/// <summary>What became of one file: facts, or a problem.</summary>
internal sealed record FileOutcome(FoundFile File, FileFacts? Facts, FileProblem? Problem, int Attempts = 0, WorkerId? Worker = null, int Pid = 0);
