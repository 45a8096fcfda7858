using System.Collections.ObjectModel;

namespace WorkerHost.Client;

/// <summary>
/// The pool's tasks with ids of the callers': those that have not ended, and for a time those that have. Thread-safe.
/// </summary>
internal sealed class KnownTasks(KeptOutcomeOptions options, TimeProvider time)
{
    /// <summary>What a kept task costs beside its result and its texts, roughly: so many without them cannot fill the memory either.</summary>
    private const int Overhead = 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<string, SharedTask> byId = new(StringComparer.Ordinal);
    private readonly Queue<(SharedTask Task, long EndedAt, long Bytes)> kept = new();
    private long keptBytes;

    /// <summary>The task of this id; null: there was none, and <paramref name="made"/> is it from now on.</summary>
    public SharedTask? FindOrAdd(string id, SharedTask made)
    {
        lock (gate)
        {
            ForgetOld();
            if (byId.TryGetValue(id, out var known))
            {
                return known;
            }

            byId.Add(id, made);
            return null;
        }
    }

    /// <summary>Null: none of this id is known.</summary>
    public SharedTask? Find(string id)
    {
        lock (gate)
        {
            ForgetOld();
            return byId.GetValueOrDefault(id);
        }
    }

    /// <summary>Nothing of the task runs any more: from now on its outcome is kept.</summary>
    public void Ended(SharedTask task)
    {
        var bytes = BytesOf(task);
        lock (gate)
        {
            if (bytes > options.Bytes)
            {
                // It would drive out everybody else and then itself.
                Remove(task);
            }
            else if (IsKnown(task))
            {
                kept.Enqueue((task, time.GetTimestamp(), bytes));
                keptBytes += bytes;
                ForgetOld();
            }
        }
    }

    /// <summary>Its id is as good as new.</summary>
    public void Forget(SharedTask task)
    {
        lock (gate)
        {
            Remove(task);
        }
    }

    private void ForgetOld()
    {
        while (kept.TryPeek(out var oldest) && (keptBytes > options.Bytes || time.GetElapsedTime(oldest.EndedAt) >= options.For))
        {
            kept.Dequeue();
            keptBytes -= oldest.Bytes;
            Remove(oldest.Task);
        }
    }

    private static long BytesOf(SharedTask task)
    {
        var (entry, outcome) = (task.Entry, task.Outcome!.Value);
        long characters = entry.Options.Id!.Length + CharactersOf(outcome.Failure);
        foreach (var (name, value) in entry.Options.Headers ?? ReadOnlyDictionary<string, string>.Empty)
        {
            characters += name.Length + value.Length;
        }

        // The last of them most often has the texts of the outcome.
        foreach (var attempt in entry.PastAttempts)
        {
            characters += attempt.Failure?.Error == outcome.Failure?.Error ? 0 : CharactersOf(attempt.Failure);
        }

        return outcome.Data.Length + Overhead + sizeof(char) * characters;
    }

    /// <summary>A handler's exception may bring tens of thousands.</summary>
    private static long CharactersOf(TaskFailure? failure)
    {
        long characters = failure?.Message.Length ?? 0;
        for (var error = failure?.Error; error is not null; error = error.Cause)
        {
            characters += error.Type.Length + error.Message.Length + error.StackTrace.Length;
        }

        return characters;
    }

    private bool IsKnown(SharedTask task) => byId.TryGetValue(task.Entry.Options.Id!, out var known) && known == task;

    private void Remove(SharedTask task)
    {
        if (IsKnown(task))
        {
            byId.Remove(task.Entry.Options.Id!);
        }
    }
}
