using System.Globalization;
using Google.Protobuf.Collections;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What a caller says of his task outside of its message (<see cref="CallWords"/>), as fields of a request.</summary>
internal static class ForeignTerms
{
    /// <summary>Moves our words from the metadata to where they belong; the method sees the rest.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: a word with a value that it cannot have; says which values it can.</exception>
    public static RunRequest Apply(RunRequest request)
    {
        try
        {
            var headers = request.Headers;
            Apply(request, name => Take(headers, name));
            return request;
        }
        catch (FormatException e)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, e.Message));
        }
    }

    /// <exception cref="FormatException">A word with a value that it cannot have; says which values it can.</exception>
    public static void Apply(RunRequest request, Func<string, string?> word)
    {
        request.Pool = word(CallWords.Pool) ?? "";
        request.Id = word(CallWords.Id) ?? "";
        request.AffinityKey = word(CallWords.AffinityKey) ?? "";
        request.Idempotent = word(CallWords.Idempotent) switch
        {
            null or "false" => false,
            "true" => true,
            var text => throw Wrong(CallWords.Idempotent, text, "true, false"),
        };
        request.Priority = word(CallWords.Priority) switch
        {
            null => 0,
            var text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var priority) && priority is >= -2 and <= 2
                ? priority
                : throw Wrong(CallWords.Priority, text, "-2 to 2"),
        };
        request.MaxAttempts = word(CallWords.MaxAttempts) switch
        {
            null => 0,
            var text => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var attempts) && attempts is >= 1 and <= 1000
                ? attempts
                : throw Wrong(CallWords.MaxAttempts, text, "1 to 1000"),
        };
        if (word(CallWords.TimeLimit) is { } limit)
        {
            request.TimeLimit = double.TryParse(limit, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 1e9
                ? Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(Math.Max(seconds, 1e-6)))
                : throw Wrong(CallWords.TimeLimit, limit, "seconds above 0, as 2.5");
        }
    }

    private static string? Take(MapField<string, string> headers, string name)
    {
        if (!headers.TryGetValue(name, out var value))
        {
            return null;
        }

        headers.Remove(name);
        return value;
    }

    private static FormatException Wrong(string name, string value, string allowed) =>
        new($"{name} is '{Worker.BoundedText.Cut(value, 100)}'; allowed: {allowed}");
}
