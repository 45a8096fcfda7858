using System.Text.Json.Nodes;

namespace WorkerHost.Conformance.Tests;

/// <summary>Compares how something ended with what was expected.</summary>
internal static class Expected
{
    /// <exception cref="InvalidDataException">Says what differs.</exception>
    public static void Check(ExpectStep expect, Ending ending, Values values)
    {
        Require(ending.Outcome == expect.Outcome, $"it ended as {ending.Outcome}: {(ending.Message.Length > 0 ? ending.Message : ending.Result?.ToJsonString() ?? "no message")}");
        if (expect.Result is not null || expect.ResultIsNull)
        {
            Agree(values.Difference(expect.Result, ending.Result));
        }

        if (expect.Bytes is { } bytes)
        {
            Require(ending.Bytes is { } came && came.Span.SequenceEqual(values.Bytes(bytes).Span), $"{ending.Bytes?.Length.ToString() ?? "no"} bytes came, and they are not those that were expected");
        }

        if (expect.Items is { } items)
        {
            Agree(values.Difference(items, ending.Items, "the list of items"));
        }

        foreach (var (member, name) in expect.Keep)
        {
            Require(ending.Result is JsonObject, "the result is no object");
            values.Keep(name, ending.Result![member]);
        }

        foreach (var part in expect.Says.Select(values.Text))
        {
            Require(ending.Message.Contains(part, StringComparison.Ordinal), $"the message does not say \"{part}\": {ending.Message}");
        }

        if (expect.Error is { } error)
        {
            Check(error, ending.Failure?.Error ?? throw new InvalidDataException("the failure has no error"), values);
        }

        CheckDeaths(expect, ending);
    }

    private static void Check(ExpectedError expected, RemoteError error, Values values)
    {
        Require(error.Type.Length > 0, "the error has no type");
        Require(expected.TypeHas is null || error.Type.Contains(expected.TypeHas, StringComparison.Ordinal), $"the error's type is {error.Type}");
        Require(expected.Message is null || error.Message == values.Text(expected.Message), $"the error's message is {error.Message}");
        Require(expected.MessageStarts is null || error.Message.StartsWith(values.Text(expected.MessageStarts), StringComparison.Ordinal), $"the error's message is {error.Message}");
        Require(expected.Cause is null || error.Cause?.Message == values.Text(expected.Cause), $"behind the error stands {error.Cause?.Message ?? "nothing"}");
    }

    private static void CheckDeaths(ExpectStep expect, Ending ending)
    {
        Require(expect.Deaths is null || ending.Failure?.Deaths.Length == expect.Deaths, $"it has {ending.Failure?.Deaths.Length} deaths to tell of");
        if (expect.Death is { } expected)
        {
            var death = ending.Failure?.Deaths.LastOrDefault() ?? throw new InvalidDataException("it has no death to tell of");
            Require(expected.Signal is null || death.Signal == expected.Signal, $"the death was {death.Exit}");
            Require(expected.ExitCode is null || death.ExitCode == expected.ExitCode, $"the death was {death.Exit}");
        }
    }

    private static void Agree(string? difference) => Require(difference is null, difference!);

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}
