using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Samples;

internal static class ServicesPage
{
    public static void Host(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddWorkerPool("images").Bind("Pools:Images").Configure(o => o with { Attempts = 5 });
        builder.Services.AddHealthChecks().AddWorkerPool("images");

        var app = builder.Build();
        app.MapGet("/add/{a}/{b}", async (int a, int b, [FromKeyedServices("images")] WorkerPool pool) => await pool.Submit<int>("add", [a, b]));
        app.MapHealthChecks("/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        app.Run();
    }

    public static void Worker(string[] args)
    {
        var worker = WorkerApplication.Create(args);
        worker.Services.AddSingleton<Model>();
        worker.Services.AddScoped<Session>();
        worker.MapTask("classify", (string path, Model model, Session session, ILogger<Model> log) => model.Classify(path, session));
    }

    internal sealed class Model
    {
        public string Classify(string path, Session session) => $"{path} {session}";
    }

    internal sealed class Session;
}
