namespace WorkerHost;

/// <summary>A function of every shape that yields items, in a class that worker and tests share. Each yields its arguments, and 1 or 0 for its token.</summary>
public static class StreamShapes
{
    public sealed record Page(int Number, string Text);

    public static async IAsyncEnumerable<Page> Pages(string text, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return new Page(i, text);
        }
    }

    public static IAsyncEnumerable<int> Later0() => Items([0]);

    public static IAsyncEnumerable<int> Later0Token(CancellationToken token) => Items([token.CanBeCanceled ? 1 : 0]);

    public static IAsyncEnumerable<int> Later1(int a1) => Items([a1, 0]);

    public static IAsyncEnumerable<int> Later1Token(int a1, CancellationToken token) => Items([a1, token.CanBeCanceled ? 1 : 0]);

    public static IAsyncEnumerable<int> Later2(int a1, int a2) => Items([a1, a2, 0]);

    public static IAsyncEnumerable<int> Later2Token(int a1, int a2, CancellationToken token) => Items([a1, a2, token.CanBeCanceled ? 1 : 0]);

    public static IAsyncEnumerable<int> Later3(int a1, int a2, int a3) => Items([a1, a2, a3, 0]);

    public static IAsyncEnumerable<int> Later3Token(int a1, int a2, int a3, CancellationToken token) => Items([a1, a2, a3, token.CanBeCanceled ? 1 : 0]);

    public static IAsyncEnumerable<int> Later4(int a1, int a2, int a3, int a4) => Items([a1, a2, a3, a4, 0]);

    public static IAsyncEnumerable<int> Later4Token(int a1, int a2, int a3, int a4, CancellationToken token) => Items([a1, a2, a3, a4, token.CanBeCanceled ? 1 : 0]);

    public static IEnumerable<int> Each0() => [0];

    public static IEnumerable<int> Each0Token(CancellationToken token) => [token.CanBeCanceled ? 1 : 0];

    public static IEnumerable<int> Each1(int a1) => [a1, 0];

    public static IEnumerable<int> Each1Token(int a1, CancellationToken token) => [a1, token.CanBeCanceled ? 1 : 0];

    public static IEnumerable<int> Each2(int a1, int a2) => [a1, a2, 0];

    public static IEnumerable<int> Each2Token(int a1, int a2, CancellationToken token) => [a1, a2, token.CanBeCanceled ? 1 : 0];

    public static IEnumerable<int> Each3(int a1, int a2, int a3) => [a1, a2, a3, 0];

    public static IEnumerable<int> Each3Token(int a1, int a2, int a3, CancellationToken token) => [a1, a2, a3, token.CanBeCanceled ? 1 : 0];

    public static IEnumerable<int> Each4(int a1, int a2, int a3, int a4) => [a1, a2, a3, a4, 0];

    public static IEnumerable<int> Each4Token(int a1, int a2, int a3, int a4, CancellationToken token) => [a1, a2, a3, a4, token.CanBeCanceled ? 1 : 0];

    private static async IAsyncEnumerable<int> Items(int[] items)
    {
        foreach (var item in items)
        {
            await Task.Yield();
            yield return item;
        }
    }
}
