using System.Reflection;
using Google.Protobuf;

namespace WorkerHost.Worker.Tests;

/// <summary>The compiled way of a handler and its own way: the same in everything but speed.</summary>
public sealed class TypedCallTests : IDisposable
{
    internal static readonly string[] Payloads =
    [
        "[]", "[1]", "[1,10]", "[1,10,100]", "[1,10,100,1000]", "[1,2,3,4,5]", " [ 1 , 10 ] ", "[\"a\"]", "[\"a\",\"b\"]", "[null,null]", "[null]", "[[1]]", "[{\"x\":1,\"y\":2}]", "[{\"x\":\"a\"}]",
        "[1,0]", "[1", "[1]]", "[1] 2", "1", "{}", "null", "", "nonsense", "[3000000000]",
    ];

    private readonly WorkerCore core = FakeRun.NewCore();

    public static TheoryData<string> Functions => [.. typeof(Shapes).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(static m => m.Name).Where(static n => n != nameof(Shapes.UntilCancelled))];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Both_ways_give_the_same_for_every_payload(string function)
    {
        var method = typeof(Shapes).GetMethod(function)!;
        var handler = DelegateHandler.Create(function, method, null, new HandlerServices());
        var typed = Compile(method);
        if (function is nameof(Shapes.Reverse) or nameof(Shapes.Next))
        {
            Assert.Null(typed);
            return;
        }

        var straight = Payloads.Count(payload => Same(() => handler.Run(Run(payload), default), Run(payload), typed!));

        Assert.InRange(straight, 1, Payloads.Length - 1);
    }

    [Fact]
    public void A_handler_on_an_object_and_one_with_a_bound_argument_and_a_context_are_compiled_as_well()
    {
        var many = 5;
        Func<int, TaskContext, int> closure = (value, context) => (many * value) + context.Id.Length;
        var bound = (Func<string, int>)Delegate.CreateDelegate(typeof(Func<string, int>), "seven..", typeof(TypedCallTests).GetMethod(nameof(Lengths), BindingFlags.NonPublic | BindingFlags.Static)!);
        foreach (var (handler, payload) in new (Delegate, string)[] { (closure, "[2]"), (bound, "[\"abc\"]") })
        {
            var own = DelegateHandler.Create("f", handler, new HandlerServices());

            Assert.True(Same(() => own.Run(Run(payload), default), Run(payload), Compile(handler.Method, handler.Target)!));
        }
    }

    public void Dispose() => core.Dispose();

    private static int Lengths(string first, string second) => (10 * first.Length) + second.Length;

    // True: the compiled way was taken.
    private static bool Same(Func<TaskResult> own, TaskRun run, TypedCall typed)
    {
        TaskResult? expected = null;
        var failure = Record.Exception(() => { expected = own(); });
        var taken = false;
        TaskResult result = default;
        var typedFailure = Record.Exception(() => { taken = typed.TryRun(run, default, out result); });
        if (typedFailure is not null)
        {
            Assert.Equal((failure?.GetType(), failure?.Message), (typedFailure.GetType(), typedFailure.Message));
            return true;
        }

        if (taken)
        {
            Assert.Null(failure);
            Assert.Equal((expected!.Value.Data.ToStringUtf8(), expected.Value.ContentType), (result.Data.ToStringUtf8(), result.ContentType));
        }
        else
        {
            Assert.IsType<BadInputException>(failure);
        }

        return taken;
    }

    private static TypedCall? Compile(MethodInfo method, object? target = null)
    {
        var skip = method.IsStatic && target is not null ? 1 : 0;
        HandlerParameter[] parameters = [.. method.GetParameters().Skip(skip).Select(static p => new HandlerParameter(p, new HandlerServices()))];
        return TypedCall.TryCompile(method, target, parameters, ReturnValue.For(method.ReturnType), new HandlerJson());
    }

    private FakeRun Run(string payload) => new(core, ByteString.CopyFromUtf8(payload));
}
