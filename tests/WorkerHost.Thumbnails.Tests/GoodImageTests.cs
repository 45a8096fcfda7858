using System.Net;
using SkiaSharp;

namespace WorkerHost.Thumbnails.Tests;

public sealed class GoodImageTests(GoodImageTests.Running running) : IClassFixture<GoodImageTests.Running>
{
    private ThumbnailsProcess Service => running.Service;

    [Theory]
    [InlineData(640, 480, 128, 128, 96)]
    [InlineData(480, 640, 100, 75, 100)]
    [InlineData(2000, 10, 100, 100, 1)]
    [InlineData(50, 40, 128, 50, 40)]
    [InlineData(1, 1, 1, 1, 1)]
    public async Task A_thumbnail_fits_the_size_keeps_the_proportions_and_is_never_larger_than_the_image(int width, int height, int size, int expectedWidth, int expectedHeight)
    {
        foreach (var format in new[] { SKEncodedImageFormat.Png, SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp })
        {
            using var response = await Service.PostAsync(Pictures.Encode(width, height, format, c => c.Clear(SKColors.Green)), size);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            using var thumbnail = Pictures.Decode(await response.Content.ReadAsByteArrayAsync());
            Assert.Equal((expectedWidth, expectedHeight), (thumbnail.Width, thumbnail.Height));
        }
    }

    [Theory]
    [InlineData(1, false, "left")]
    [InlineData(2, false, "right")]
    [InlineData(3, false, "right")]
    [InlineData(4, false, "left")]
    [InlineData(5, true, "top")]
    [InlineData(6, true, "top")]
    [InlineData(7, true, "bottom")]
    [InlineData(8, true, "bottom")]
    public async Task A_photo_stands_upright_however_the_camera_was_held(byte origin, bool turned, string redSide)
    {
        using var response = await Service.PostAsync(Pictures.Photo(400, 200, origin), 100);
        Assert.Equal("image/jpeg", response.Content.Headers.ContentType?.MediaType);
        using var thumbnail = Pictures.Decode(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(turned ? (50, 100) : (100, 50), (thumbnail.Width, thumbnail.Height));
        var (x, y) = redSide switch
        {
            "left" => (10, 25),
            "right" => (90, 25),
            "top" => (25, 10),
            _ => (25, 90),
        };
        Assert.True(thumbnail.GetPixel(x, y) is { Red: > 200, Blue: < 50 }, $"{thumbnail.GetPixel(x, y)}");
        Assert.True(thumbnail.GetPixel(thumbnail.Width - x, thumbnail.Height - y) is { Red: < 50, Blue: > 200 }, "the other side is blue");
    }

    [Fact]
    public async Task What_may_be_transparent_stays_so()
    {
        using var response = await Service.PostAsync(Pictures.Encode(64, 64, SKEncodedImageFormat.Png, c => c.Clear(SKColors.Transparent)), 16);
        Assert.Equal("image/png", response.Content.Headers.ContentType?.MediaType);
        using var thumbnail = Pictures.Decode(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(0, thumbnail.GetPixel(8, 8).Alpha);
    }

    [Fact]
    public async Task A_body_of_unknown_length_is_as_good_as_one_of_a_known_length()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/thumbnails") { Content = new ByteArrayContent(Pictures.Sample("good")) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await Service.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_marked_image_is_an_image_like_others_where_the_service_is_not_in_hostile_mode()
    {
        using var response = await Service.PostAsync(Pictures.Hostile("crash"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var samples = await Service.Client.GetAsync("/samples/crash");
        Assert.Equal(HttpStatusCode.NotFound, samples.StatusCode);
    }

    [Fact]
    public async Task There_is_a_page_to_look_at_and_an_answer_for_a_load_balancer()
    {
        Assert.Contains("<h1>Thumbnails</h1>", await Service.Client.GetStringAsync("/"), StringComparison.Ordinal);
        await Service.PostAsync(Pictures.Sample("good"));
        Assert.Equal("Healthy", await Service.Client.GetStringAsync("/health"));
    }

    public sealed class Running : IAsyncLifetime
    {
        internal ThumbnailsProcess Service { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Service = await ThumbnailsProcess.StartAsync();

        public ValueTask DisposeAsync() => Service.DisposeAsync();
    }
}
