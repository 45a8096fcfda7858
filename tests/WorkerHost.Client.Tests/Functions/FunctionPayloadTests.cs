using System.Text;

namespace WorkerHost.Client.Tests;

public sealed class FunctionPayloadTests
{
    [Fact]
    public void The_values_of_a_tuple_are_sent_and_read()
    {
        var payload = FunctionPayload.Of((Number: 1, Text: "one"), (2, (3.5, (int?)null)), default(NoArgument), default(NoArgument));

        Assert.Equal("""[{"item1":1,"item2":"one"},{"item1":2,"item2":{"item1":3.5,"item2":null}}]""", Encoding.UTF8.GetString(payload.Data.Span));
        Assert.Equal((1, "one"), JsonResult<(int, string)>.Reader.Read("""{"item1":1,"item2":"one"}"""u8.ToArray(), ContentType.Json));
    }

    [Fact]
    public void What_is_known_of_a_type_is_kept()
    {
        Assert.Same(JsonPayload.Options.GetTypeInfo(typeof((int, DateTime))), JsonPayload.Options.GetTypeInfo(typeof((int, DateTime))));
    }
}
