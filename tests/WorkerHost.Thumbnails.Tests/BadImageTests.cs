using System.Net.Sockets;
using System.Text;

namespace WorkerHost.Thumbnails.Tests;

/// <summary>What is wrong with an upload is said, and costs no worker.</summary>
public sealed class BadImageTests(BadImageTests.Running running) : IClassFixture<BadImageTests.Running>
{
    private ThumbnailsProcess Service => running.Service;

    [Theory]
    [InlineData("noise", 415, "not-an-image", "JPEG, PNG")]
    [InlineData("truncated", 422, "broken-image", "ends too early")]
    [InlineData("bomb", 422, "too-many-pixels", "50000 x 50000 pixels, and at most 50 million")]
    public async Task A_bad_image_is_told_from_others_and_costs_no_worker(string sample, int status, string type, string says)
    {
        var answer = await Service.RefusedAsync(Pictures.Sample(sample));
        Assert.Equal((status, type), (answer.Status, answer.Type));
        Assert.Contains(says, answer.Detail, StringComparison.Ordinal);
        Assert.Equal(0, (await Service.StatusAsync()).Deaths);
    }

    [Fact]
    public async Task An_image_whose_data_is_spoilt_is_refused_or_served_and_costs_no_worker()
    {
        var random = new Random(1);
        foreach (var format in new[] { SkiaSharp.SKEncodedImageFormat.Jpeg, SkiaSharp.SKEncodedImageFormat.Png, SkiaSharp.SKEncodedImageFormat.Webp })
        {
            var image = Pictures.Encode(200, 200, format, c => c.Clear(SkiaSharp.SKColors.Green));
            for (var i = 0; i < 20; i++)
            {
                byte[] spoilt = [.. image];
                for (var j = 0; j < 5; j++)
                {
                    spoilt[random.Next(spoilt.Length)] = (byte)random.Next(256);
                }

                // Some decoders overlook a spoilt byte; then there is a thumbnail.
                using var response = await Service.PostAsync(spoilt[..random.Next(1, spoilt.Length)]);
                if (!response.IsSuccessStatusCode)
                {
                    var answer = await ThumbnailsProcess.ProblemAsync(response);
                    Assert.Contains((answer.Status, answer.Type), new[] { (415, "not-an-image"), (422, "broken-image"), (422, "too-many-pixels") });
                }
            }
        }

        Assert.Equal(0, (await Service.StatusAsync()).Deaths);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_is_too_large_is_refused_with_the_limit_and_not_with_a_reset(bool lengthIsSaid)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/thumbnails") { Content = new ByteArrayContent(new byte[8_000_000]) };
        request.Headers.TransferEncodingChunked = !lengthIsSaid;
        using var response = await Service.Client.SendAsync(request);
        var answer = await ThumbnailsProcess.ProblemAsync(response);
        Assert.Equal((413, "too-many-bytes"), (answer.Status, answer.Type));
        Assert.Contains("At most 1000000 bytes", answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?size=0")]
    [InlineData("?size=1025")]
    [InlineData("?size=large")]
    [InlineData("?size=")]
    public async Task A_size_that_is_none_is_refused_with_what_is_allowed(string query)
    {
        var answer = await Service.RefusedAsync(Pictures.Sample("noise"), query);
        Assert.Equal((400, "bad-size"), (answer.Status, answer.Type));
        Assert.Contains("from 1 to 1024", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_image_at_all_is_refused()
    {
        var answer = await Service.RefusedAsync([]);
        Assert.Equal((400, "no-image"), (answer.Status, answer.Type));
    }

    [Fact]
    public async Task An_upload_that_breaks_off_is_the_senders_problem_and_no_error_of_the_service()
    {
        using (var breaking = await ConnectAsync("Content-Length: 1000\r\n\r\nhalf of it"))
        {
            breaking.LingerState = new LingerOption(enable: true, seconds: 0); // closed by a reset
        }

        using var garbled = await ConnectAsync("Transfer-Encoding: chunked\r\n\r\nno number\r\n");
        var answer = new byte[4096];
        Assert.StartsWith("HTTP/1.1 400 ", Encoding.ASCII.GetString(answer, 0, await garbled.ReceiveAsync(answer)), StringComparison.Ordinal);

        // And no error is in the log, which is looked at when the service has stopped.
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task An_upload_that_trickles_in_loses_its_place_and_is_told_so()
    {
        using var slow = await ConnectAsync("Content-Length: 1000000\r\n\r\nthe first bytes");
        var answering = new StreamReader(new NetworkStream(slow)).ReadToEndAsync();
        while (!answering.IsCompleted)
        {
            // A thousand bytes per second: four times as fast as Kestrel would take by itself.
            await Task.WhenAny(answering, Task.Delay(100));
            await slow.SendAsync(new byte[100]).ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        var answer = await answering;
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"type\":\"bad-upload\"", answer, StringComparison.Ordinal);
    }

    private async Task<Socket> ConnectAsync(string upload)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Service.Client.BaseAddress!.Host, Service.Client.BaseAddress.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST /thumbnails HTTP/1.1\r\nHost: test\r\n{upload}"));
        return socket;
    }

    public sealed class Running : IAsyncLifetime
    {
        internal ThumbnailsProcess Service { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Service = await ThumbnailsProcess.StartAsync("--Thumbnails:MaxBytes=1000000");

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }
}
