namespace WorkerHost.Samples.Quickstart;

/// <summary>A file the walk came across, or a folder that it could not enter.</summary>
/// <param name="Path">Relative to the folder, with '/'.</param>
/// <param name="IsEscaped">The path is not UTF-8, and stands here as <see cref="FileName.Escape(ReadOnlySpan{byte})"/> writes it.</param>
/// <param name="Problem">Why it cannot be handed to a worker; null when it can.</param>
internal sealed record FoundFile(string Path, bool IsEscaped = false, FileProblem? Problem = null)
{
    public FoundFile(byte[] path, FileProblem? problem)
        : this(FileName.Exact(path) ?? FileName.Escape(path), FileName.Exact(path) is null, problem)
    {
    }

    /// <summary>The path for people.</summary>
    public string Shown => IsEscaped ? Path : FileName.Escape(Path);
}

/// <summary>What stands where the facts of a file would be.</summary>
/// <param name="Kind">The kind of a task's failure as in the contract, for example <c>WORKER_LOST</c>, or one of the walk's own.</param>
/// <param name="Message">For people.</param>
internal sealed record FileProblem(string Kind, string Message)
{
    public const string NameIsNotUtf8 = "NAME_NOT_UTF8";
    public const string FolderNotReadable = "FOLDER_NOT_READABLE";
}
