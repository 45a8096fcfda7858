using Microsoft.Extensions.Logging;

namespace WorkerHost;

/// <summary>
/// Something that happened to a supervisor or one of its workers, as <see cref="Supervisor.WatchAsync"/> tells it and as it
/// is logged: the same object, and its text is the log line. Immutable. Each kind is a type nested in this one; new kinds may
/// be added, so end a switch over them with a default.
/// </summary>
public abstract record SupervisorEvent
{
    private protected SupervisorEvent(int number, LogLevel level)
    {
        Number = number;
        Level = level;
    }

    /// <summary>Rises by one with every event of one supervisor, without gaps, from 1.</summary>
    public long Sequence { get; internal init; }

    /// <summary>The wall clock at the event, for people; the order is that of <see cref="Sequence"/>.</summary>
    public DateTimeOffset Time { get; internal init; }

    /// <summary>The pool's name.</summary>
    public string Pool { get; internal init; } = "";

    /// <summary>What settings are called in its text.</summary>
    internal SettingNames Names { get; init; } = SettingNames.Members;

    /// <summary>Which worker it is about; null where it is about the whole supervisor.</summary>
    public virtual WorkerId? Worker => null;

    /// <summary>What happened, in one line for people; the line that is logged.</summary>
    public abstract string Text { get; }

    /// <summary>How loudly it is logged.</summary>
    public LogLevel Level { get; protected init; }

    /// <summary>The number of its kind in logs (<see cref="EventId"/>); the kind's name goes with it.</summary>
    internal int Number { get; }

    /// <summary>What is logged beside the text.</summary>
    internal virtual Exception? Error => null;

    /// <summary>The same as <see cref="Text"/>.</summary>
    public sealed override string ToString() => Text;

    /// <summary>Of one worker.</summary>
    public abstract record OfWorker : SupervisorEvent
    {
        private readonly WorkerId worker;

        private protected OfWorker(int number, LogLevel level, WorkerId worker)
            : base(number, level) => this.worker = worker;

        /// <inheritdoc/>
        public override WorkerId? Worker => worker;
    }

    // ---- the supervisor ----

    /// <summary>The supervisor begins to start its workers.</summary>
    /// <param name="Workers">How many are wanted.</param>
    /// <param name="Command">What each is started as.</param>
    public sealed record Starting(int Workers, string Command) : SupervisorEvent(1, LogLevel.Information)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: starting {Workers} workers: {Command}";
    }

    /// <summary>It was told to stop.</summary>
    public sealed record Stopping() : SupervisorEvent(5, LogLevel.Information)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: stopping";
    }

    /// <summary>It has stopped; always the last event.</summary>
    public sealed record Stopped() : SupervisorEvent(6, LogLevel.Information)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: stopped";
    }

    /// <summary>It failed because of a defect of its own and has killed its workers.</summary>
    /// <param name="Cause">What was thrown.</param>
    public sealed record Failed(Exception Cause) : SupervisorEvent(8, LogLevel.Critical)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: the supervisor failed and has killed its workers: {Cause.Message}";

        internal override Exception Error => Cause;
    }

    /// <summary>There is no warden, so what workers have started would outlive a <c>kill -9</c> of this process.</summary>
    /// <param name="Problem">Why there is none.</param>
    public sealed record NoWarden(string Problem) : SupervisorEvent(9, LogLevel.Warning)
    {
        /// <inheritdoc/>
        public override string Text => $"{Problem}; if this process is killed, what its workers have started may live on";
    }

    /// <summary>The warden was killed or stopped by somebody; another one has taken its place and knows all workers.</summary>
    /// <param name="Warden">Its process id.</param>
    /// <param name="Problem">What has become of it.</param>
    public sealed record WardenReplaced(int Warden, string Problem) : SupervisorEvent(31, LogLevel.Warning)
    {
        /// <inheritdoc/>
        public override string Text => $"the warden of worker processes (pid {Warden}) {Problem}; another one has taken its place";
    }

    /// <summary>A supervisor whose process was killed had left its directory behind; it was deleted.</summary>
    /// <param name="Path">Where it was.</param>
    public sealed record DirectorySwept(string Path) : SupervisorEvent(32, LogLevel.Information)
    {
        /// <inheritdoc/>
        public override string Text => $"deleted {Path}, which the supervisor of a killed process had left behind";
    }

    /// <summary>Another number of workers is wanted from now on.</summary>
    /// <param name="From">How many before.</param>
    /// <param name="To">How many now.</param>
    public sealed record Scaled(int From, int To) : SupervisorEvent(16, LogLevel.Information)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: scaling from {From} to {To} workers";
    }

    /// <summary>Every worker is to be replaced.</summary>
    /// <param name="Generation">The number of the new generation; the first workers are generation 1.</param>
    public sealed record RestartStarted(int Generation) : SupervisorEvent(17, LogLevel.Information)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: replacing every worker (generation {Generation})";
    }

    /// <summary>Every worker was replaced. A restart that was taken over by a later one has no end of its own.</summary>
    /// <param name="Generation">The new generation.</param>
    public sealed record RestartFinished(int Generation) : SupervisorEvent(18, LogLevel.Information)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: every worker was replaced (generation {Generation})";
    }

    /// <summary>New workers could not boot: those that were not replaced keep serving, or nobody serves where none is left.</summary>
    /// <param name="Generation">The generation that failed.</param>
    /// <param name="Serving">How many workers take tasks; 0: none does until one can be started, which is tried again and again.</param>
    /// <param name="Death">How its worker ended, or the last of them.</param>
    public sealed record RestartGivenUp(int Generation, int Serving, DeathReport Death) : SupervisorEvent(19, LogLevel.Error)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: the restart to generation {Generation} is given up: {WorkerRestartException.Text(Serving, Names)}; the last that failed: {Death.Worker}";
    }

    /// <summary>Enough workers take tasks now, or not any more; see <see cref="SupervisorReadiness"/>.</summary>
    public sealed record ReadinessChanged : SupervisorEvent
    {
        internal ReadinessChanged(SupervisorReadiness readiness)
            : base(23, readiness.IsReady || readiness.IsStopping ? LogLevel.Information : LogLevel.Warning) => Readiness = readiness;

        /// <summary>As it is now.</summary>
        public SupervisorReadiness Readiness { get; }

        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: {(Readiness.IsReady ? "ready" : "not ready")}: {Readiness.Reason}";
    }

    /// <summary>
    /// It looked at its workers late, because its own process or the whole machine had stood still; the silence of workers in
    /// that time is not held against them.
    /// </summary>
    /// <param name="Late">How late.</param>
    public sealed record Stalled(TimeSpan Late) : SupervisorEvent(24, LogLevel.Warning)
    {
        /// <inheritdoc/>
        public override string Text => $"pool {Pool}: the supervisor looked at its workers {DurationText.Of(Late)} late (its process or the machine stood still); their silence in that time does not count";
    }

    // ---- one worker ----

    /// <summary>Its process was started.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    public sealed record Started(WorkerId Id, int Pid) : OfWorker(10, LogLevel.Debug, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) was started";
    }

    /// <summary>It has booted.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    /// <param name="BootTime">From the spawn until its health service said SERVING.</param>
    /// <param name="IsSpare">It waits for a place and takes no tasks yet.</param>
    public sealed record Ready(WorkerId Id, int Pid, TimeSpan BootTime, bool IsSpare) : OfWorker(2, LogLevel.Information, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) is ready{(IsSpare ? " as a spare" : "")} after {DurationText.Of(BootTime)}";
    }

    /// <summary>A spare has taken a place.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    public sealed record Promoted(WorkerId Id, int Pid) : OfWorker(11, LogLevel.Information, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) was a spare and takes tasks now";
    }

    /// <summary>It neither beats nor finishes tasks (<see cref="LivenessOptions.SuspectAfter"/>).</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    /// <param name="SilentFor">For how long.</param>
    public sealed record Suspected(WorkerId Id, int Pid, TimeSpan SilentFor) : OfWorker(25, LogLevel.Warning, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) has been silent for {DurationText.Of(SilentFor)}; silent until {Names["Liveness.DeadAfter"]}, it is killed";
    }

    /// <summary>It was suspect, and shows life again.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    public sealed record Recovered(WorkerId Id, int Pid) : OfWorker(26, LogLevel.Information, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) is not silent any more";
    }

    /// <summary>A debugger or tracer was seen at it: it is neither killed for silence nor recycled as long as that is so.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    public sealed record DebuggerAttached(WorkerId Id, int Pid) : OfWorker(27, LogLevel.Warning, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) has a debugger attached: until it is detached, the worker is neither killed for silence nor recycled";
    }

    /// <summary>The debugger is gone.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    public sealed record DebuggerDetached(WorkerId Id, int Pid) : OfWorker(28, LogLevel.Information, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) has no debugger attached any more";
    }

    /// <summary>It gets no new tasks and is on its way out; its end follows as <see cref="Died"/>.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Draining(WorkerId Id, int Pid, string Reason) : OfWorker(12, LogLevel.Information, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) is to leave: {Reason}";
    }

    /// <summary>
    /// It is being replaced as planned, still runs tasks after <see cref="SupervisorOptions.DrainTimeout"/>, and may finish them
    /// (<see cref="RecycleOptions.MaxDrain"/>). Told once; <see cref="WorkerStatus.RunningTasks"/> says how it goes on.
    /// </summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    /// <param name="DrainingFor">Since it was told to leave.</param>
    /// <param name="RunningTasks">How many tasks it still runs.</param>
    public sealed record DrainOverdue(WorkerId Id, int Pid, TimeSpan DrainingFor, int RunningTasks) : OfWorker(33, LogLevel.Warning, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) was told to leave {DurationText.Of(DrainingFor)} ago and still runs {RunningTasks} tasks; it is waited for ({Names["Recycling.MaxDrain"]})";
    }

    /// <summary>It has ended, in whatever way: the report says which. Logged as a warning unless it left as planned.</summary>
    public sealed record Died : OfWorker
    {
        internal Died(DeathReport report)
            : base(3, report.Cause is DeathCause.Stop or DeathCause.Recycle ? LogLevel.Information : LogLevel.Warning, report.Worker) => Report = report;

        /// <summary>The report, the same object that exceptions of lost tasks carry.</summary>
        public DeathReport Report { get; }

        /// <inheritdoc/>
        public override string Text => Report.ToString();
    }

    /// <summary>Even SIGKILL did not end it in time. The supervisor does without it.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="Pid">Its process id.</param>
    public sealed record LeftBehind(WorkerId Id, int Pid) : OfWorker(7, LogLevel.Error, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id} (pid {Pid}) has not ended after SIGKILL and is left behind; is it stuck in the kernel (state D in ps)?";
    }

    /// <summary>Its slot waits before it starts the next worker.</summary>
    /// <param name="Id">The worker before.</param>
    /// <param name="NextTryAt">When the next is started.</param>
    public sealed record Waiting(WorkerId Id, DateTimeOffset NextTryAt) : OfWorker(13, LogLevel.Debug, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"slot {Id.Slot} of pool {Id.Pool} starts its next worker in {DurationText.Of(NextTryAt - Time)}";
    }

    /// <summary>Its slot had too many deaths without use and is only probed from now on (<see cref="RestartOptions.Intensity"/>).</summary>
    /// <param name="Id">The worker that died last.</param>
    public sealed record BreakerOpened(WorkerId Id) : OfWorker(14, LogLevel.Warning, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"slot {Id.Slot} of pool {Id.Pool} is crash-looping: its breaker is open, and it is tried again slowly until a worker is of use";
    }

    /// <summary>A worker of its slot was of use again.</summary>
    /// <param name="Id">Which worker.</param>
    public sealed record BreakerClosed(WorkerId Id) : OfWorker(15, LogLevel.Information, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"slot {Id.Slot} of pool {Id.Pool} has recovered: its breaker is closed";
    }

    /// <summary>Something of its supervision went wrong; the worker itself goes on.</summary>
    /// <param name="Id">Which worker.</param>
    /// <param name="What">What went wrong.</param>
    /// <param name="Cause">What was thrown.</param>
    public sealed record Faulted(WorkerId Id, string What, Exception Cause) : OfWorker(20, LogLevel.Error, Id)
    {
        /// <inheritdoc/>
        public override string Text => $"worker {Id}: {What}: {Cause.Message}";

        internal override Exception Error => Cause;
    }
}
