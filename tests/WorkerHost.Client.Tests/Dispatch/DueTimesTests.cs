using Microsoft.Extensions.Time.Testing;

namespace WorkerHost.Client.Tests;

public sealed class DueTimesTests
{
    [Fact]
    public void Nothing_fires_early_and_everything_in_the_order_of_its_time()
    {
        var time = new FakeTimeProvider();
        using var due = new DueTimes(time);
        var start = time.GetTimestamp();
        List<(int Milliseconds, double At)> fired = [];
        foreach (var milliseconds in new[] { 500, 20, 1, 90_000_000, 100, 20 })
        {
            due.Add(TimeSpan.FromMilliseconds(milliseconds), null, () => fired.Add((milliseconds, time.GetElapsedTime(start).TotalMilliseconds)));
        }

        for (var i = 0; i < 3000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(0.5));
        }

        Assert.Equal([1, 20, 20, 100, 500], fired.Select(static f => f.Milliseconds));
        Assert.All(fired, static f => Assert.InRange(f.At, f.Milliseconds, f.Milliseconds + 2));
        time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(90_000_000, fired[^1].Milliseconds);
    }

    [Fact]
    public void A_due_time_added_while_another_fires_is_not_forgotten()
    {
        var time = new FakeTimeProvider();
        using var due = new DueTimes(time);
        var fired = 0;
        Again();
        for (var i = 0; i < 1000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.InRange(fired, 400, 1000);

        void Again() => due.Add(TimeSpan.FromMilliseconds(10), null, () =>
        {
            fired++;
            Again();
        });
    }

    [Fact]
    public void An_earlier_time_moves_the_timer()
    {
        var time = new FakeTimeProvider();
        using var due = new DueTimes(time);
        List<string> fired = [];
        due.Add(TimeSpan.FromHours(1), null, () => fired.Add("late"));
        due.Add(TimeSpan.FromSeconds(1), null, () => fired.Add("early"));
        time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(["early"], fired);
    }

    [Fact]
    public void The_longest_delay_does_not_fire_at_once()
    {
        var time = new FakeTimeProvider();
        using var due = new DueTimes(time);
        var fired = 0;
        due.Add(TimeSpan.MaxValue, null, () => fired++);
        time.Advance(TimeSpan.FromDays(400));
        Assert.Equal(0, fired);
    }

    [Fact]
    public void Tasks_that_are_done_are_forgotten_and_the_others_are_not()
    {
        var time = new FakeTimeProvider();
        using var due = new DueTimes(time);
        var fired = 0;
        var rig = new DispatcherRig();
        var forgotten = new List<WeakReference>();
        for (var i = 0; i < 20_000; i++)
        {
            AddDone(due, rig, forgotten, () => fired++);
            if (i % 1000 == 0)
            {
                due.Add(TimeSpan.FromHours(1), rig.Make(), () => fired += 100_000);
            }
        }

        GC.Collect();
        Assert.InRange(forgotten.Count(static w => w.IsAlive), 0, 4200);
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(20, fired / 100_000);
    }

    [Fact]
    public void After_disposal_nothing_fires()
    {
        var time = new FakeTimeProvider();
        var due = new DueTimes(time);
        var fired = 0;
        due.Add(TimeSpan.FromSeconds(1), null, () => fired++);
        due.Dispose();
        due.Add(TimeSpan.FromSeconds(1), null, () => fired++);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, fired);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void AddDone(DueTimes due, DispatcherRig rig, List<WeakReference> forgotten, Action fire)
    {
        var entry = rig.Make();
        entry.Phase = TaskPhase.Done;
        forgotten.Add(new WeakReference(entry));
        due.Add(TimeSpan.FromHours(1), entry, fire);
    }
}
