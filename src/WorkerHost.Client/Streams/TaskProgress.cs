namespace WorkerHost;

/// <summary>What a running task says of how far it is; see <see cref="TaskOptions.Progress"/>.</summary>
/// <param name="TaskId">Whose it is: the id of its future.</param>
/// <param name="Fraction">From 0 to 1; <see cref="double.NaN"/>: the handler does not know.</param>
/// <param name="Message">What it is doing, in the handler's words; empty: it does not say.</param>
public sealed record TaskProgress(string TaskId, double Fraction, string Message);
