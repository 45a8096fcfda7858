using System.Globalization;
using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Type = System.Type;

namespace WorkerHost.Worker.Tests;

/// <summary>A handler that the source generator wrote and the same found by reflection: the same in everything but speed.</summary>
public sealed class GeneratedHandlerTests
{
    // A delegate in a variable and a type in a variable are what the generator leaves alone.
    private static readonly (string Name, Action<WorkerApplication, string> Map, Delegate Handler)[] Handlers =
    [
        ("greet", static (w, n) => w.MapTask(n, Greet), Greet),
        ("defaults", static (w, n) => w.MapTask(n, Defaults), Defaults),
        ("rest", static (w, n) => w.MapTask(n, Rest), Rest),
        ("surroundings", static (w, n) => w.MapTask(n, Surroundings), Surroundings),
        ("services", static (w, n) => w.MapTask(n, Services), Services),
        ("five", static (w, n) => w.MapTask(n, Five), Five),
        ("bytes", static (w, n) => w.MapTask(n, Bytes), Bytes),
        ("two bytes", static (w, n) => w.MapTask(n, TwoBytes), TwoBytes),
        ("memory", static (w, n) => w.MapTask(n, Memory), Memory),
        ("message", static (w, n) => w.MapTask(n, Shapes.Next), Shapes.Next),
        ("later message", static (w, n) => w.MapTask(n, NextLater), NextLater),
        ("anything", static (w, n) => w.MapTask(n, Anything), Anything),
        ("unwritable", static (w, n) => w.MapTask(n, Unwritable), Unwritable),
        ("null task", static (w, n) => w.MapTask(n, NoTask), NoTask),
        ("throws", static (w, n) => w.MapTask(n, Throws), Throws),
        ("maybe", static (w, n) => w.MapTask(n, Maybe), Maybe),
    ];

    public static TheoryData<string> Names =>
    [
        .. Handlers.Select(static h => h.Name),
        .. typeof(Shapes).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(static m => m.Name != nameof(Shapes.UntilCancelled)).Select(static m => $"WorkerHost.Shapes.{m.Name}"),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Both_give_the_same_for_every_payload(string name)
    {
        var (generated, services) = Worker(byReflection: false);
        var (reflecting, _) = Worker(byReflection: true);
        var written = generated.Find(name)!;
        var found = Assert.IsType<DelegateHandler>(reflecting.Find(name));
        Assert.Equal(typeof(GeneratedHandler<>), written.GetType().GetGenericTypeDefinition());
        Assert.Equal(found.ContentTypes, written.ContentTypes);
        using var core = FakeRun.NewCore(services);
        var good = 0;
        foreach (var contentType in new[] { "", ContentType.Json, ContentType.Bytes, ContentType.Protobuf, "text/plain" })
        {
            foreach (var payload in TypedCallTests.Payloads.Append("[1,2,3,4,5,6]").Append("[\"Blue\"]").Append("[2,\"x\",3]").Append("[\"AQI=\"]").Append("\b\u0007").Append("[\"Ada\",\"Hi\"]").Append("[true]").Append("[\"AQI=\",\"AQ==\"]"))
            {
                var expected = End(found, core, payload, contentType);
                Assert.Equal(expected, End(written, core, payload, contentType));
                good += expected.Failure is null ? 1 : 0;
            }
        }

        Assert.True(good > 0 || name is "unwritable" or "null task" or "throws", "no payload was good");
    }

    [Fact]
    public void A_lambda_that_keeps_something_is_called_with_it()
    {
        var many = 5;
        var worker = WorkerApplication.Create([]);
        worker.MapTask("multiply", (int value) => many * value);
        using var core = FakeRun.NewCore();

        many = 6;

        Assert.Equal("12", End(worker.Find("multiply")!, core, "[2]", "").Result);
    }

    [Fact]
    public void A_function_in_a_namespace_that_is_a_keyword_has_the_name_that_its_callers_use()
    {
        var worker = WorkerApplication.Create([]);
        worker.MapTasks(typeof(@event.@base));

        Assert.IsType<GeneratedHandler<int>>(worker.Find(FunctionName.Of(@event.@base.@new)));
        Assert.NotNull(worker.Find("WorkerHost.Worker.Tests.event.base.new"));
    }

    [Fact]
    public void A_key_of_a_service_keeps_its_type()
    {
        var worker = WorkerApplication.Create([]);
        worker.Services.AddKeyedSingleton((byte)7, new Version(7, 0));
        worker.Services.AddKeyedSingleton((short)-7, new Version(0, 7));
        worker.MapTask("keyed", ([FromKeyedServices((byte)7)] Version first, [FromKeyedServices((short)-7)] Version second) => first.Major + second.Minor);
        using var core = FakeRun.NewCore(worker.Services.BuildServiceProvider());

        Assert.Equal("14", End(worker.Find("keyed")!, core, "[]", "").Result);
    }

    [Fact]
    public void What_a_task_takes_is_told_in_the_same_words_in_every_culture()
    {
        var worker = WorkerApplication.Create([]);
        worker.MapTask("scale", (int value, double by = 1.5) => value * by);
        using var core = FakeRun.NewCore();
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = comma;
        try
        {
            Assert.Contains("(int value, double by = 1.5)", End(worker.Find("scale")!, core, "[]", "").Message, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void What_cannot_be_mapped_is_refused_in_the_same_words()
    {
        Delegate two = TwoMessages;
        Same(static w => w.MapTask("two", TwoMessages), w => w.MapTask("two", two));
        Delegate greet = Greet;
        Same(static w => w.MapTask(" ", Greet), w => w.MapTask(" ", greet));
        Same(static w => w.MapTask(new string('x', 1025), Greet), w => w.MapTask(new string('x', 1025), greet));
        Same(Twice(static w => w.MapTask("twice", Greet)), Twice(w => w.MapTask("twice", greet)));
        Delegate late = Services;
        Same(Late(static w => w.MapTask("late", Services)), Late(w => w.MapTask("late", late)));

        static Action<WorkerApplication> Twice(Action<WorkerApplication> map) => map + map;

        static Action<WorkerApplication> Late(Action<WorkerApplication> map) => map + (static w =>
        {
            w.Services.AddSingleton(new Version(1, 2));
            _ = w.RunAsync(TestContext.Current.CancellationToken);
        });

        static void Same(Action<WorkerApplication> generated, Action<WorkerApplication> reflecting)
        {
            var expected = Record.Exception(() => reflecting(WorkerApplication.Create([])));
            var actual = Record.Exception(() => generated(WorkerApplication.Create([])));
            Assert.NotNull(expected);
            Assert.Equal((expected.GetType(), FirstLine(expected)), (actual?.GetType(), FirstLine(actual!)));
        }

        // The second names a parameter of ours.
        static string FirstLine(Exception e) => e.Message.Split(" (Parameter")[0];
    }

    private static (WorkerApplication Worker, IServiceProvider Services) Worker(bool byReflection)
    {
        var worker = WorkerApplication.Create([]);
        worker.Services.AddSingleton(new Version(1, 2));
        worker.Services.AddKeyedSingleton("three", new Version(3, 4));
        worker.Services.AddKeyedSingleton(Colour.Blue, new Version(5, 6));
        foreach (var (name, map, handler) in Handlers)
        {
            if (byReflection)
            {
                worker.MapTask(name, handler);
            }
            else
            {
                map(worker, name);
            }
        }

        var shapes = typeof(Shapes);
        if (byReflection)
        {
            worker.MapTasks(shapes);
        }
        else
        {
            worker.MapTasks(typeof(Shapes));
        }

        return (worker, worker.Services.BuildServiceProvider());
    }

    private static (string? Result, string? ContentType, Type? Failure, string? Message, string? Inner) End(TaskHandler handler, WorkerCore core, string payload, string contentType)
    {
        var run = new FakeRun(core, ByteString.CopyFromUtf8(payload), contentType, handler);
        try
        {
            var result = handler.Run(run, default);
            return (result.Data.ToStringUtf8(), result.ContentType, null, null, null);
        }
        catch (Exception e)
        {
            return (null, null, e.GetType(), e.Message, e.InnerException?.GetType().Name);
        }
    }

    internal enum Colour
    {
        Red,
        Blue,
    }

    internal static string Greet(string name, string greeting = "Hello \"{0}\"") => $"{greeting}, {name}";

    internal static string Defaults(
        Colour colour = Colour.Blue, int? maybe = 5, double half = 0.5, long much = long.MinValue, char letter = '\'', decimal money = 1.5m, Guid id = default, string? none = null, float no = float.NaN, bool yes = true) =>
        string.Join('|', colour, maybe, half, much, letter, money, id, none, no, yes);

    internal static int Rest(params int[] numbers) => numbers.Sum();

    internal static string Surroundings(TaskContext context, int a, CancellationToken token, int b = 2) => $"{context.Id} {a} {b} {token.CanBeCanceled}";

    internal static string Services(Version version, [FromKeyedServices("three")] Version other, [FromKeyedServices(Colour.Blue)] Version third, string text, IServiceProvider all) =>
        $"{version} {other} {third} {text} {all.GetRequiredService<Version>()}";

    internal static ValueTask<int> Five(int a, int b, int c, int d, int e) => new(a + b + c + d + e);

    internal static int Bytes(byte[] bytes) => bytes.Length;

    internal static int TwoBytes(byte[] first, byte[] second) => first.Length - second.Length;

    internal static async Task<ReadOnlyMemory<byte>> Memory(ReadOnlyMemory<byte> bytes)
    {
        await Task.Yield();
        return bytes;
    }

    internal static Task<Int32Value> NextLater(Int32Value value) => Task.FromResult(Shapes.Next(value));

    internal static object? Anything(object? value) => value?.ToString() switch
    {
        "1" => new byte[] { 1 },
        "a" => new Int32Value { Value = 1 },
        _ => value,
    };

    internal static Func<int> Unwritable() => static () => 1;

    internal static Task<int> NoTask() => null!;

    internal static int Throws(int value) => throw new InvalidOperationException($"not {value}");

    internal static int? Maybe(int? value) => value;

    internal static int TwoMessages(Int32Value first, int second) => first.Value + second;
}
