using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WorkerHost;
using WorkerHost.Samples.Thumbnails;

// The same program, started again by the pool: a worker. Only here is the native library ever called.
if (WorkerApplication.IsWorker)
{
    var worker = WorkerApplication.Create(args);
    var hostile = worker.Arguments.Contains("--hostile");
    worker.MapTask(ThumbnailTask.Name, (image, task, _) => new ValueTask<ReadOnlyMemory<byte>>(ThumbnailTask.Run(image, task, hostile)));
    return await worker.RunAsync();
}

// Started by a person: the service. Its settings lie beside the program, from wherever it is started.
var hostileMode = args.Contains("--hostile");
string[] settings = [.. args.Where(argument => argument != "--hostile")];
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
var limits = builder.Configuration.GetSection("Thumbnails").Get<UploadLimits>() ?? new UploadLimits();

builder.Services.AddWorkerPool("thumbnails")
    .Command(hostileMode ? WorkerCommand.Self("--hostile") : WorkerCommand.Self())
    .Bind("Pools:Thumbnails");
builder.Services.AddHealthChecks().AddWorkerPool("thumbnails");

builder.Services.AddProblemDetails();
builder.Services.AddMemoryCache(cache => cache.SizeLimit = 10_000);
builder.Services.AddSingleton(limits);
builder.Services.AddSingleton<HostileImages>();
builder.Services.AddSingleton<ThumbnailEndpoint>();
builder.Services.AddSingleton<RecentDeaths>();
builder.Services.AddHostedService(services => services.GetRequiredService<RecentDeaths>());

// The endpoint has a limit of its own. Kestrel closes the connection at once where its limit is passed, and a client that still sends sees a reset instead of the answer.
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Limits.MaxRequestBodySize = null;
    kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(limits.BytesPerSecond, gracePeriod: TimeSpan.FromSeconds(5));
});

// Uploads that are too many are refused before their bodies are read, so that no crowd fills the memory of the service.
builder.Services.AddRateLimiter(limiter =>
{
    limiter.AddConcurrencyLimiter("uploads", o => o.PermitLimit = limits.UploadsAtOnce);
    limiter.OnRejected = async (refused, _) => await Problem.TooManyUploads(limits).ExecuteAsync(refused.HttpContext);
});

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseRateLimiter();

app.MapPost("/thumbnails", (HttpRequest upload, string? size, ThumbnailEndpoint endpoint, CancellationToken clientIsGone) =>
    endpoint.PostAsync(upload, size, clientIsGone)).RequireRateLimiting("uploads");
app.MapHealthChecks("/health");
app.MapStatusPage(hostileMode);
if (hostileMode)
{
    app.MapSamples();
}

await app.RunAsync();
return 0;
