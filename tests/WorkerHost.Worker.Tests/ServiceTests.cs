using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using static WorkerHost.Worker.Tests.SessionUnderTest;

namespace WorkerHost.Worker.Tests;

/// <summary>Handlers that take services.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task A_parameter_that_is_a_service_is_no_argument()
    {
        await using var worker = await WorkerUnderTest.StartAsync(null, "--services");

        Assert.Equal("\"Hi!.\"", await worker.RunJsonAsync("say", "[\"Hi\"]"));
        var failure = await Assert.ThrowsAsync<RpcException>(() => worker.RunJsonAsync("say", "[\"Hi\", 1]"));
        Assert.Contains("takes a JSON array of 1 argument (string text); got more", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_task_has_a_scope_of_its_own_that_ends_with_it()
    {
        await using var worker = await WorkerUnderTest.StartAsync(null, "--services");

        Assert.Equal("[11,1,0]", await worker.RunJsonAsync("visit", "[10]"));
        Assert.Equal("[12,1,1]", await worker.RunJsonAsync("visit", "[10]"));
        using var session = await worker.OpenSessionAsync();
        var task = Task(1, "visit_bytes");
        task.ContentType = ContentType.Bytes;
        await session.SubmitAsync(task);
        Assert.Equal(new byte[] { 3 }, (await session.OutcomeAsync(1)).Data.ToByteArray());
        Assert.Equal("[14,1,3]", await worker.RunJsonAsync("visit", "[10]"));
    }

    [Fact]
    public async Task A_scope_that_cannot_end_well_fails_its_task_and_hides_no_failure_of_the_handler()
    {
        await using var worker = await WorkerUnderTest.StartAsync(null, "--services");
        using var session = await worker.OpenSessionAsync();
        await session.SubmitAsync(Task(1, "spoil", "[false]"), Task(2, "spoil", "[true]"), Task(3, "visit", "[10]"));

        Assert.Equal("could not be committed", (await session.OutcomeAsync(1)).Failure.Error.Message);
        Assert.Equal("the handler's own", (await session.OutcomeAsync(2)).Failure.Error.Message);
        Assert.Equal("[13,1,2]", (await session.OutcomeAsync(3)).Data.ToStringUtf8());
    }

    [Fact]
    public async Task Services_that_cannot_be_made_are_a_failed_boot_that_says_which()
    {
        await using var worker = await WorkerUnderTest.LaunchAsync(null, "--services-broken");

        Assert.Equal(WorkerExitCode.CannotServe, await worker.ExitAsync());
        Assert.Contains("the services of the handlers cannot be made", await worker.StderrAsync(), StringComparison.Ordinal);
        Assert.Contains("NeedsMore", await worker.StderrAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_comes_after_its_task_is_told_before_anything_is_served()
    {
        var worker = WorkerApplication.Create([]);
        worker.MapTask("late", static (Version version, int add) => version.Major + add);
        worker.Services.AddSingleton(new Version(1, 2));

        var failure = Assert.Throws<InvalidOperationException>(() => { _ = worker.RunAsync(TestContext.Current.CancellationToken); });

        Assert.Contains("parameter \"Version version\" of task \"late\" is a service that was registered after", failure.Message, StringComparison.Ordinal);
    }
}
