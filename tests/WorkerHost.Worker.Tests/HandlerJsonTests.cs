using System.Text.Json.Serialization;
using Google.Protobuf;

namespace WorkerHost.Worker.Tests;

/// <summary>JSON where there is no reflection, as in a native program.</summary>
public sealed partial class HandlerJsonTests
{
    private readonly HandlerServices services = new() { Json = new HandlerJson(byReflection: false) };

    [Fact]
    public void A_type_that_nothing_was_made_for_is_refused_when_its_task_is_mapped_with_the_fix()
    {
        var argument = Assert.Throws<ArgumentException>(() => DelegateHandler.Create("mirror", Shapes.Mirror, services)).Message;
        var result = Assert.Throws<ArgumentException>(() => DelegateHandler.Create("origin", static () => new Shapes.Point[1], services)).Message;

        Assert.Contains("parameter \"Point point\" of task \"mirror\" cannot travel as JSON: nothing was made for WorkerHost.Shapes+Point at compile time", argument, StringComparison.Ordinal);
        Assert.Contains("[JsonSerializable(typeof(Point))] and hand it to WorkerApplication.AddJson before MapTask", argument, StringComparison.Ordinal);
        Assert.Contains("the result of task \"origin\" cannot travel as JSON", result, StringComparison.Ordinal);
        Assert.Contains("[JsonSerializable(typeof(Point[]))]", result, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_of_the_programs_own_travels_as_everywhere_once_its_metadata_is_handed_in()
    {
        services.Json.Add(PointJson.Default);
        var handler = DelegateHandler.Create("mirror", Shapes.Mirror, services);
        using var core = FakeRun.NewCore();

        Assert.Equal("{\"x\":2,\"y\":1}", handler.Run(new FakeRun(core, ByteString.CopyFromUtf8("[{\"X\":\"1\",\"y\":2}]")), default).Data.ToStringUtf8());
    }

    [Fact]
    public void A_tuple_travels_with_its_values_whatever_its_metadata_were_made_with()
    {
        static (int, string) Turn((string, int) pair) => (pair.Item2, pair.Item1);

        services.Json.Add(Tuples.Default);
        var handler = DelegateHandler.Create("turn", Turn, services);
        using var core = FakeRun.NewCore();

        Assert.Equal("{\"item1\":2,\"item2\":\"one\"}", handler.Run(new FakeRun(core, ByteString.CopyFromUtf8("[{\"item1\":\"one\",\"item2\":2}]")), default).Data.ToStringUtf8());
    }

    [Fact]
    public void Numbers_text_times_and_their_arrays_need_nothing()
    {
        _ = DelegateHandler.Create(
            "simple",
            static (int a, long? b, string c, double[] d, Guid e, DateTimeOffset f, TimeSpan g, byte[] h, char i, object? j, string[] k, decimal l, bool m, ReadOnlyMemory<byte> n, Uri o) => a,
            services);
    }

    [Fact]
    public void Metadata_comes_before_tasks()
    {
        var worker = WorkerApplication.Create([]);
        worker.AddJson(PointJson.Default);
        worker.MapTask("mirror", Shapes.Mirror);

        Assert.Contains("before MapTask; task \"mirror\" is mapped already", Assert.Throws<InvalidOperationException>(() => worker.AddJson(PointJson.Default)).Message, StringComparison.Ordinal);
    }

    [JsonSerializable(typeof((int, string)))]
    [JsonSerializable(typeof((string, int)))]
    private sealed partial class Tuples : JsonSerializerContext;

    [JsonSerializable(typeof(Shapes.Point))]
    private sealed partial class PointJson : JsonSerializerContext;
}
