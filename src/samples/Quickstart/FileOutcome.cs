namespace WorkerHost.Samples.Quickstart;

/// <summary>What became of one file: facts, or a problem.</summary>
internal sealed record FileOutcome(string Path, FileFacts? Facts, FileProblem? Problem, int Attempts = 0, WorkerId? Worker = null, int Pid = 0);

/// <summary>The end of a run.</summary>
/// <param name="Files">Files found, the failed ones included.</param>
/// <param name="Failed">Those without facts.</param>
/// <param name="Bytes">Bytes read of the others.</param>
/// <param name="Workers">How many worker processes there were at a time.</param>
/// <param name="Deaths">Worker processes that ended while there was work.</param>
/// <param name="Seconds">From the start of the workers to the last outcome.</param>
internal sealed record RunSummary(int Files, int Failed, long Bytes, int Workers, long Deaths, double Seconds);
