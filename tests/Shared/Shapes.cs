namespace WorkerHost;

/// <summary>
/// A function of every shape that can be submitted, in a class that worker and tests share. Each adds up its arguments, and what it was
/// given last can be asked for.
/// </summary>
public static class Shapes
{
    private static string last = "";

    public static string Last() => last;

    public static int Divide(int dividend, int divisor) => dividend / divisor;

    public static byte[] Reverse(byte[] bytes) => [.. bytes.Reverse()];

    public static Google.Protobuf.WellKnownTypes.Int32Value Next(Google.Protobuf.WellKnownTypes.Int32Value value) => new() { Value = value.Value + 1 };

    public static string? Concat(string? first, string? second) => first is null && second is null ? null : first + second;

    public static async Task<string> UntilCancelled(string path, CancellationToken token)
    {
        await File.WriteAllTextAsync(path, "", CancellationToken.None);
        await Task.Delay(Timeout.Infinite, token);
        return "never";
    }

    public sealed record Point(int X, int Y);

    public static Point Mirror(Point point) => new(point.Y, point.X);

    public static void Nothing0() => Note("Nothing0", 0);

    public static void Nothing0Token(CancellationToken token) => Note("Nothing0Token", 0, token);

    public static void Nothing1(int a1) => Note("Nothing1", a1);

    public static void Nothing1Token(int a1, CancellationToken token) => Note("Nothing1Token", a1, token);

    public static void Nothing2(int a1, int a2) => Note("Nothing2", a1 + a2);

    public static void Nothing2Token(int a1, int a2, CancellationToken token) => Note("Nothing2Token", a1 + a2, token);

    public static void Nothing3(int a1, int a2, int a3) => Note("Nothing3", a1 + a2 + a3);

    public static void Nothing3Token(int a1, int a2, int a3, CancellationToken token) => Note("Nothing3Token", a1 + a2 + a3, token);

    public static void Nothing4(int a1, int a2, int a3, int a4) => Note("Nothing4", a1 + a2 + a3 + a4);

    public static void Nothing4Token(int a1, int a2, int a3, int a4, CancellationToken token) => Note("Nothing4Token", a1 + a2 + a3 + a4, token);

    public static Task Waits0() => Task.Run(() => Note("Waits0", 0));

    public static Task Waits0Token(CancellationToken token) => Task.Run(() => Note("Waits0Token", 0, token));

    public static Task Waits1(int a1) => Task.Run(() => Note("Waits1", a1));

    public static Task Waits1Token(int a1, CancellationToken token) => Task.Run(() => Note("Waits1Token", a1, token));

    public static Task Waits2(int a1, int a2) => Task.Run(() => Note("Waits2", a1 + a2));

    public static Task Waits2Token(int a1, int a2, CancellationToken token) => Task.Run(() => Note("Waits2Token", a1 + a2, token));

    public static Task Waits3(int a1, int a2, int a3) => Task.Run(() => Note("Waits3", a1 + a2 + a3));

    public static Task Waits3Token(int a1, int a2, int a3, CancellationToken token) => Task.Run(() => Note("Waits3Token", a1 + a2 + a3, token));

    public static Task Waits4(int a1, int a2, int a3, int a4) => Task.Run(() => Note("Waits4", a1 + a2 + a3 + a4));

    public static Task Waits4Token(int a1, int a2, int a3, int a4, CancellationToken token) => Task.Run(() => Note("Waits4Token", a1 + a2 + a3 + a4, token));

    public static ValueTask WaitsLightly0() => new(Task.Run(() => Note("WaitsLightly0", 0)));

    public static ValueTask WaitsLightly0Token(CancellationToken token) => new(Task.Run(() => Note("WaitsLightly0Token", 0, token)));

    public static ValueTask WaitsLightly1(int a1) => new(Task.Run(() => Note("WaitsLightly1", a1)));

    public static ValueTask WaitsLightly1Token(int a1, CancellationToken token) => new(Task.Run(() => Note("WaitsLightly1Token", a1, token)));

    public static ValueTask WaitsLightly2(int a1, int a2) => new(Task.Run(() => Note("WaitsLightly2", a1 + a2)));

    public static ValueTask WaitsLightly2Token(int a1, int a2, CancellationToken token) => new(Task.Run(() => Note("WaitsLightly2Token", a1 + a2, token)));

    public static ValueTask WaitsLightly3(int a1, int a2, int a3) => new(Task.Run(() => Note("WaitsLightly3", a1 + a2 + a3)));

    public static ValueTask WaitsLightly3Token(int a1, int a2, int a3, CancellationToken token) => new(Task.Run(() => Note("WaitsLightly3Token", a1 + a2 + a3, token)));

    public static ValueTask WaitsLightly4(int a1, int a2, int a3, int a4) => new(Task.Run(() => Note("WaitsLightly4", a1 + a2 + a3 + a4)));

    public static ValueTask WaitsLightly4Token(int a1, int a2, int a3, int a4, CancellationToken token) => new(Task.Run(() => Note("WaitsLightly4Token", a1 + a2 + a3 + a4, token)));

    public static int Value0() => Note("Value0", 0);

    public static int Value0Token(CancellationToken token) => Note("Value0Token", 0, token);

    public static int Value1(int a1) => Note("Value1", a1);

    public static int Value1Token(int a1, CancellationToken token) => Note("Value1Token", a1, token);

    public static int Value2(int a1, int a2) => Note("Value2", a1 + a2);

    public static int Value2Token(int a1, int a2, CancellationToken token) => Note("Value2Token", a1 + a2, token);

    public static int Value3(int a1, int a2, int a3) => Note("Value3", a1 + a2 + a3);

    public static int Value3Token(int a1, int a2, int a3, CancellationToken token) => Note("Value3Token", a1 + a2 + a3, token);

    public static int Value4(int a1, int a2, int a3, int a4) => Note("Value4", a1 + a2 + a3 + a4);

    public static int Value4Token(int a1, int a2, int a3, int a4, CancellationToken token) => Note("Value4Token", a1 + a2 + a3 + a4, token);

    public static Task<int> Later0() => Task.Run(() => Note("Later0", 0));

    public static Task<int> Later0Token(CancellationToken token) => Task.Run(() => Note("Later0Token", 0, token));

    public static Task<int> Later1(int a1) => Task.Run(() => Note("Later1", a1));

    public static Task<int> Later1Token(int a1, CancellationToken token) => Task.Run(() => Note("Later1Token", a1, token));

    public static Task<int> Later2(int a1, int a2) => Task.Run(() => Note("Later2", a1 + a2));

    public static Task<int> Later2Token(int a1, int a2, CancellationToken token) => Task.Run(() => Note("Later2Token", a1 + a2, token));

    public static Task<int> Later3(int a1, int a2, int a3) => Task.Run(() => Note("Later3", a1 + a2 + a3));

    public static Task<int> Later3Token(int a1, int a2, int a3, CancellationToken token) => Task.Run(() => Note("Later3Token", a1 + a2 + a3, token));

    public static Task<int> Later4(int a1, int a2, int a3, int a4) => Task.Run(() => Note("Later4", a1 + a2 + a3 + a4));

    public static Task<int> Later4Token(int a1, int a2, int a3, int a4, CancellationToken token) => Task.Run(() => Note("Later4Token", a1 + a2 + a3 + a4, token));

    public static ValueTask<int> LaterLightly0() => new(Task.Run(() => Note("LaterLightly0", 0)));

    public static ValueTask<int> LaterLightly0Token(CancellationToken token) => new(Task.Run(() => Note("LaterLightly0Token", 0, token)));

    public static ValueTask<int> LaterLightly1(int a1) => new(Task.Run(() => Note("LaterLightly1", a1)));

    public static ValueTask<int> LaterLightly1Token(int a1, CancellationToken token) => new(Task.Run(() => Note("LaterLightly1Token", a1, token)));

    public static ValueTask<int> LaterLightly2(int a1, int a2) => new(Task.Run(() => Note("LaterLightly2", a1 + a2)));

    public static ValueTask<int> LaterLightly2Token(int a1, int a2, CancellationToken token) => new(Task.Run(() => Note("LaterLightly2Token", a1 + a2, token)));

    public static ValueTask<int> LaterLightly3(int a1, int a2, int a3) => new(Task.Run(() => Note("LaterLightly3", a1 + a2 + a3)));

    public static ValueTask<int> LaterLightly3Token(int a1, int a2, int a3, CancellationToken token) => new(Task.Run(() => Note("LaterLightly3Token", a1 + a2 + a3, token)));

    public static ValueTask<int> LaterLightly4(int a1, int a2, int a3, int a4) => new(Task.Run(() => Note("LaterLightly4", a1 + a2 + a3 + a4)));

    public static ValueTask<int> LaterLightly4Token(int a1, int a2, int a3, int a4, CancellationToken token) => new(Task.Run(() => Note("LaterLightly4Token", a1 + a2 + a3 + a4, token)));

    private static int Note(string function, int sum, CancellationToken token = default)
    {
        last = $"{function} {sum} {token.CanBeCanceled}";
        return sum;
    }
}
