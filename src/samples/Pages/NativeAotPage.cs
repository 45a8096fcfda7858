using System.Text.Json;
using System.Text.Json.Serialization;
using WorkerHost.Samples.Functions;

namespace WorkerHost.Samples.NativeAot;

internal sealed record Place(double X, double Y);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Place))]
internal sealed partial class MyJson : JsonSerializerContext;

internal static class NativeAotPage
{
    public static async Task<int> Worker(string[] args)
    {
        var worker = WorkerApplication.Create(args);
        worker.AddJson(MyJson.Default);                     // types of your own; numbers, text, times and arrays of them need nothing
        worker.MapTask("move", (Place from, double dx, double dy) => new Place(from.X + dx, from.Y + dy));
        worker.MapTasks(typeof(FileTasks));
        return await worker.RunAsync();
    }

    public static async Task Host(WorkerPool pool)
    {
        Place moved = await pool.Submit("step", new Place(1, 2), MyJson.Default.Place, MyJson.Default.Place);
    }
}
