namespace WorkerHost.Supervision.Tests.Slots;

/// <summary>Two requests that overlap, in every order and at every point of the first: both are met, and where they exclude each other the last is.</summary>
public sealed class CrewOverlapTests
{
    private const int MostSteps = 12;

    private static readonly Dictionary<string, Action<Overlap>> Requests = new()
    {
        ["restart"] = o => o.Restart(rolling: true),
        ["restart at once"] = o => o.Restart(rolling: false),
        ["scale up"] = o => o.Resize(5),
        ["scale down"] = o => o.Resize(1),
        ["scale to 0"] = o => o.Resize(0),
        ["drain one"] = o => o.Drain(),
        ["kill one"] = o => o.Kill(),
        ["stop"] = o => o.Stop(),
    };

    public static TheoryData<string, string> Pairs() => [.. Requests.Keys.SelectMany(_ => Requests.Keys, static (one, other) => (one, other))];

    [Theory]
    [MemberData(nameof(Pairs))]
    [Trait("Scenario", "44")]
    public void The_last_request_wins(string first, string second)
    {
        for (var steps = 0; steps <= MostSteps; steps++)
        {
            var overlap = new Overlap();
            Requests[first](overlap);
            for (var i = 0; i < steps && overlap.Step(); i++)
            {
            }

            Requests[second](overlap);
            overlap.ToTheEnd();
        }
    }

    private sealed class Overlap
    {
        private readonly CrewWorld world = new CrewWorld(workers: 3, spares: 1).Start().AllBoot();
        private readonly List<(int Slot, long Incarnation)> unwanted = [];
        private int workers = 3;

        public void Restart(bool rolling) => world.Restart(rolling);

        public void Resize(int size)
        {
            world.Shrunk = true;
            workers = size;
            world.Resize(size, spares: size >= 2 ? 1 : 0);
        }

        public void Drain() => Ask(slot => world.Recycle(slot));

        public void Kill() => Ask(slot => world.Kill(slot, graceSeconds: 2));

        public void Stop()
        {
            world.Stopping = true;
            world.Stop();
        }

        /// <summary>The next thing of the world's: somebody who is to leave goes, or somebody boots. False: nothing is under way.</summary>
        public bool Step()
        {
            foreach (var (slot, process) in world.Processes)
            {
                if (process.ToldToLeave || process.Boots)
                {
                    if (process.ToldToLeave)
                    {
                        world.Exit(slot, ExitFacts.Exited(0));
                    }
                    else
                    {
                        world.Boot(slot);
                    }

                    return true;
                }
            }

            return false;
        }

        public void ToTheEnd()
        {
            for (var i = 0; Step() || (!world.Stopping && world.Serving.Length < workers && world.FireTimer()); i++)
            {
                Assert.True(i < 200, "it never comes to rest");
            }

            if (world.Stopping)
            {
                Assert.True(world.Crew.HasStopped);
                Assert.Equal(0, world.Alive);
                return;
            }

            var spares = workers >= 2 ? 1 : 0;
            Assert.Equal((workers, spares, workers + spares), (world.Serving.Length, world.Spares.Length, world.Alive));
            Assert.True(world.Crew.IsComplete);
            Assert.True(world.Crew.HasReached(world.Crew.Generation));
            Assert.All(unwanted, u => Assert.False(world.Processes.TryGetValue(u.Slot, out var process) && process.Incarnation == u.Incarnation));
        }

        /// <summary>Of somebody who serves, if anybody does.</summary>
        private void Ask(Action<int> request)
        {
            if (world.Serving is [.., var slot])
            {
                unwanted.Add((slot, world.Processes[slot].Incarnation));
                request(slot);
            }
        }
    }
}
