namespace WorkerHost.Generators.Tests;

/// <summary>Which calls are written at compile time, which are left, and what is told of them.</summary>
public sealed class TaskMapTests
{
    private static readonly (string, string) Native = ("EnableAotAnalyzer", "true");

    [Theory]
    [InlineData("worker.MapTask(\"a\", static (ref int x) => x);")]
    [InlineData("worker.MapTask(\"b\", static (ReadOnlySpan<byte> x) => x.Length);")]
    [InlineData("worker.MapTask(\"c\", static (in string y, int z) => z);")]
    [InlineData("worker.MapTask(\"d\", static (int a, out int? b) => { b = a; });")]
    [InlineData("worker.MapTask(\"e\", Span);", "static Span<int> Span() => default;")]
    [InlineData("worker.MapTask(\"f\", Last);", "static int last; static ref int Last() => ref last;")]
    [InlineData("worker.MapTasks(typeof(Empty));", "public static class Empty { static int Hidden() => 1; public static int Value => 1; }")]
    [InlineData("worker.MapTasks(typeof(Overloaded));", "public static class Overloaded { public static int Twice(int v) => v; public static double Twice(double v) => v; }")]
    [InlineData("worker.MapTasks(typeof(Generic));", "public static class Generic { public static T First<T>(T[] values) => values[0]; }")]
    [InlineData("worker.MapTasks(typeof(Of<>));", "public static class Of<T> { public static int First(int[] values) => values[0]; }")]
    [InlineData("worker.MapTasks(typeof(Refs));", "public static class Refs { public static int Good(int v) => v; public static int First(ref int[] values) => values[0]; }")]
    public async Task What_cannot_be_mapped_is_an_error_in_the_words_that_mapping_would_throw(string call, string members = "")
    {
        var source = new CompiledSource(call, members);

        var told = Assert.Single(await source.DiagnosticsAsync());

        Assert.Empty(source.Generated());
        var thrown = Assert.ThrowsAny<ArgumentException>(() => source.MapByReflection(WorkerApplication.Create([])));
        Assert.Equal(thrown.Message.Split(" (Parameter")[0], told["WH0001 ".Length..]);
    }

    [Theory]
    [InlineData("Func<int, int> f = static x => x; worker.MapTask(\"a\", f);", "no lambda and no method by name")]
    [InlineData("worker.MapTask(\"a\", (Func<int, int>)(static x => x));", "no lambda and no method by name")]
    [InlineData("System.Type type = typeof(Program); worker.MapTasks(type);", "not written as typeof")]
    [InlineData("worker.MapTask(\"a\", static (Secret s) => 1);", "the type of parameter \"s\", User.Program.Secret, is not accessible", "class Secret;")]
    [InlineData("worker.MapTask(\"a\", static (Secret[] s) => 1);", "is not accessible", "class Secret;")]
    [InlineData("worker.MapTask(\"a\", static () => new { X = 1 });", "what it returns")]
    [InlineData("worker.MapTask(\"a\", static () => new List<Secret>());", "what it returns", "class Secret;")]
    [InlineData("worker.MapTasks(typeof(Secret));", "User.Program.Secret is not accessible", "static class Secret { public static int F() => 1; }")]
    [InlineData("worker.MapTask(\"a\", static (IMessage m) => 1);", "has no public constructor")]
    [InlineData("Local<int>(worker); static void Local<T>(WorkerApplication worker) => worker.MapTask(\"a\", static (T x) => x);", "is not accessible")]
    public async Task What_is_left_to_reflection_is_told_with_the_reason_where_trimming_and_native_AOT_matter(string call, string reason, string members = "")
    {
        Assert.Empty(new CompiledSource(call, members).Generated());
        Assert.Empty(await new CompiledSource(call, members).DiagnosticsAsync());

        var told = Assert.Single(await new CompiledSource(call, members, Native).DiagnosticsAsync());

        Assert.StartsWith("WH0002 ", told, StringComparison.Ordinal);
        Assert.Contains(reason, told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("worker.MapTask(\"a\", static (int x) => x);")]
    [InlineData("worker.MapTask(\"a\", (static (int x) => x));")]
    [InlineData("worker.MapTask(handler: static (int x) => x, name: \"a\");")]
    [InlineData("worker?.MapTask(\"a\", delegate (int x) { return x; });")]
    [InlineData("worker.MapTask(\"a\", static async (int x, CancellationToken token) => { await Task.Delay(x, token); });")]
    [InlineData("worker.MapTask(\"a\", static (int x = 1, params string[] more) => x);")]
    [InlineData("worker.MapTask(\"a\", static ((int A, string B) pair, dynamic any) => pair.A);")]
    [InlineData("worker.MapTask(\"a\", \"text\".Tail);", "static bool Tail(this string text, int last) => true;")]
    [InlineData("worker.MapTask(\"a\", Local); static int Local(int x) => x;")]
    [InlineData("worker.MapTask(\"a\", new Counter().Add);", "internal sealed class Counter { public int Add(int x) => x; }")]
    [InlineData("worker.MapTask(\"a\", Max<int>);", "static T Max<T>(T a, T b) => a;")]
    [InlineData("worker.MapTask(\"a\", Sequence);", "static async IAsyncEnumerable<int> Sequence() { await Task.Yield(); yield return 1; }")]
    [InlineData("worker.MapTask(\"a\", static (int x) => System.Linq.Enumerable.Repeat(1, x));")]
    [InlineData("worker.MapTasks(typeof(@event));", "internal static class @event { public static int @class(int @in) => @in; [Obsolete(\"old\")] public static void Old() { } }")]
    public async Task Lambdas_methods_and_types_by_name_are_written_at_compile_time(string call, string members = "")
    {
        var source = new CompiledSource(call, members, Native);

        Assert.Contains("GeneratedTasks.Map", source.Generated(), StringComparison.Ordinal);
        Assert.Empty(await source.DiagnosticsAsync());
    }

    [Theory]
    [InlineData("worker.MapTask(\"a\", static (bytes, _, _) => new ValueTask<ReadOnlyMemory<byte>>(bytes));")]
    [InlineData("worker.MapTask(\"a\", static (Int32Value v, TaskContext _, CancellationToken _) => new ValueTask<Int32Value>(v));")]
    [InlineData("MapTask(\"a\", static (int x) => x);", "static void MapTask(string name, Delegate handler) { }")]
    public async Task What_reflects_nothing_is_left_alone(string call, string members = "")
    {
        var source = new CompiledSource(call, members, Native);

        Assert.Empty(source.Generated());
        Assert.Empty(await source.DiagnosticsAsync());
    }

    [Fact]
    public async Task It_can_be_switched_off()
    {
        var source = new CompiledSource("worker.MapTask(\"a\", static (int x) => x); worker.MapTask(\"b\", static (ref int x) => x);", "", ("WorkerHostGenerators", "false"));

        Assert.Empty(source.Generated());
        Assert.Empty(await source.DiagnosticsAsync());
    }
}
