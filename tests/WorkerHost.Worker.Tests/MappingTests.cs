// What the compiler tells already is thrown as well.
#pragma warning disable WH0001
using Grpc.HealthCheck;

namespace WorkerHost.Worker.Tests;

/// <summary>What can be mapped, and what is refused at once.</summary>
public sealed class MappingTests
{
    private readonly WorkerApplication worker = WorkerApplication.Create(["a", LaunchMarker.Argument, "pool", "b"]);

    [Fact]
    public void Arguments_do_not_show_the_marker()
    {
        Assert.Equal(["a", "b"], worker.Arguments);
        Assert.False(WorkerApplication.IsWorker);
        Assert.Null(worker.Worker);
    }

    [Fact]
    public void A_name_can_be_mapped_once()
    {
        worker.MapTask("twice", static () => { });

        Assert.Contains("\"twice\" is already mapped", Refusal(() => worker.MapTask("twice", static () => { })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void A_name_cannot_be_empty(string name) => Refusal(() => worker.MapTask(name, static () => { }));

    [Fact]
    public void A_name_cannot_be_endless() => Assert.Contains(
        "1024", Refusal(() => worker.MapTask(new string('x', 1025), static () => { })), StringComparison.Ordinal);

    [Fact]
    public void What_is_no_gRPC_service_or_cannot_be_made_or_is_mapped_already_is_refused()
    {
        worker.MapGrpcService<HealthServiceImpl>();

        Assert.Contains("is already mapped", Refusal(() => worker.MapGrpcService<HealthServiceImpl>()), StringComparison.Ordinal);
        Assert.Contains("derives from the generated base", Refusal(() => worker.MapGrpcService<MappingTests>()), StringComparison.Ordinal);
        Assert.Contains("it is abstract", Refusal(() => worker.MapGrpcService<V1.WorkerControl.WorkerControlBase>()), StringComparison.Ordinal);
    }

    [Fact]
    public void Types_that_cannot_travel_are_refused()
    {
        Assert.Contains("\"ref", Refusal(() => worker.MapTask("a", static (ref int x) => x)).Replace("Int32&", "ref", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Refusal(() => worker.MapTask("b", static (ReadOnlySpan<byte> x) => x.Length)), StringComparison.Ordinal);
        Assert.Contains("one result", Refusal(() => worker.MapTask("c", Forever)), StringComparison.Ordinal);
        Assert.Contains("only argument", Refusal(() => worker.MapTask("d", static (V1.Payload p, int x) => x)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_without_functions_and_one_whose_functions_a_name_does_not_tell_apart_are_refused()
    {
        Assert.Contains("no public static method", Refusal(() => worker.MapTasks(typeof(MappingTests))), StringComparison.Ordinal);
        Assert.Contains("Overloaded.Twice is overloaded", Refusal(() => worker.MapTasks(typeof(Overloaded))), StringComparison.Ordinal);
        Assert.Contains("Generic.First is generic", Refusal(() => worker.MapTasks(typeof(Generic))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_can_be_mapped_once_it_runs_and_it_runs_once()
    {
        Assert.Equal(WorkerExitCode.NotSupervised, await worker.RunAsync(TestContext.Current.CancellationToken));

        Assert.Throws<InvalidOperationException>(() => worker.MapTask("late", static () => { }));
        await Assert.ThrowsAsync<InvalidOperationException>(() => worker.RunAsync(TestContext.Current.CancellationToken));
    }

    private static string Refusal(Action map) => Assert.ThrowsAny<ArgumentException>(map).Message;

    private static async Task<IAsyncEnumerable<int>> Forever()
    {
        await Task.Yield();
        return AsyncEnumerable.Empty<int>();
    }

    private static class Overloaded
    {
        public static int Twice(int value) => 2 * value;

        public static double Twice(double value) => 2 * value;
    }

    private static class Generic
    {
        public static T First<T>(T[] values) => values[0];
    }
}
