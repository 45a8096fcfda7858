namespace WorkerHost.Samples.Quickstart;

/// <summary>A file the walk came across.</summary>
/// <param name="Path">Relative to the folder, with '/'; bytes of a name that is not UTF-8 as <c>\xE9</c>.</param>
/// <param name="Problem">Why it cannot be handed to a worker; null when it can.</param>
internal sealed record FoundFile(string Path, FileProblem? Problem = null);

/// <summary>What stands where the facts of a file would be.</summary>
/// <param name="Kind">The kind of a task's failure as in the contract, for example <c>WORKER_LOST</c>, or one of the walk's own.</param>
/// <param name="Message">For people.</param>
internal sealed record FileProblem(string Kind, string Message)
{
    public const string NameIsNotUtf8 = "NAME_NOT_UTF8";
    public const string FolderNotReadable = "FOLDER_NOT_READABLE";
}
