using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using WorkerHost.Worker;

namespace WorkerHost;

/// <summary>
/// Makes a console program a worker: map tasks, then run. A supervisor starts the program and tells it what to do; started
/// by hand it explains itself.
/// </summary>
/// <example>
/// <code>
/// var worker = WorkerApplication.Create(args);
/// worker.MapTask("sha256", (string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))));
/// return await worker.RunAsync();
/// </code>
/// </example>
public sealed class WorkerApplication
{
    private const string ReflectionWarning =
        "The handler's parameters are found by reflection, because the source generator could not read this call (its diagnostic WH0002 says why). Give it a lambda or a method by name, or use an overload with JsonTypeInfo, bytes or messages.";

    private readonly TaskTable tasks = new();
    private readonly Initializer initializer = new();
    private readonly HandlerServices services;
    private readonly WorkerProcess? process;
    private readonly WorkerId? inProcess;
    private int runs;

    private WorkerApplication(string[] arguments, WorkerProcess? process, HandlerServices services, WorkerId? inProcess = null)
    {
        Arguments = arguments;
        this.process = process;
        this.services = services;
        this.inProcess = inProcess;
    }

    /// <summary>
    /// Whether this process was started by a supervisor. A program that is its own worker asks this before it starts its
    /// pool. Does not change while the process lives.
    /// </summary>
    public static bool IsWorker { get; } = Environment.GetEnvironmentVariable(LaunchMarker.EnvironmentVariable) == "1";

    /// <summary>The program's arguments without the marker that a supervisor appends for ps and pgrep.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>Which worker this is; null when the program was started by hand.</summary>
    public WorkerId? Worker => inProcess ?? process?.Worker;

    /// <summary>
    /// Services for handlers: a parameter of a type that is registered here, and one with <c>[FromKeyedServices]</c>, is no
    /// argument of the task but comes from a scope of the task's own, which is disposed when the task has ended. Register before
    /// <c>MapTask</c>. Handlers of the other overloads have them as <see cref="TaskContext.Services"/>. An <c>ILogger&lt;T&gt;</c> needs no
    /// registration: what it is given arrives in the host's log, with its level and category. They are built, and checked
    /// as a whole, before the worker's initializers run; one that cannot be made is a failed boot.
    /// </summary>
    public IServiceCollection Services => services.Collection;

    /// <summary>
    /// Begins a worker. Under a supervisor this takes over stdin, which reads as empty from here on, so call it before
    /// anything that starts processes or reads stdin. Call it once.
    /// </summary>
    /// <param name="args">The program's arguments.</param>
    public static WorkerApplication Create(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        return new WorkerApplication(WithoutMarker(args), IsWorker ? WorkerProcess.Begin() : null, new HandlerServices());
    }

    /// <summary>
    /// Has tasks read and write types of the program's own with metadata that was made at compile time. A program that is published trimmed or native needs
    /// this for every type that is not a number, text, time, or an array of one; any other finds its types by reflection and only starts a little sooner.
    /// Naming and everything else stays as it is for every task. Called several times, the first that knows a type counts.
    /// </summary>
    /// <param name="types">Usually <c>MyJson.Default</c> of a <c>JsonSerializerContext</c> with <c>[JsonSerializable(typeof(…))]</c> for each argument and result.</param>
    /// <exception cref="InvalidOperationException">A task was mapped already.</exception>
    public void AddJson(IJsonTypeInfoResolver types)
    {
        ArgumentNullException.ThrowIfNull(types);
        if (tasks.Count > 0)
        {
            throw new InvalidOperationException($"AddJson must be called before MapTask; task \"{tasks.Names.First()}\" is mapped already");
        }

        services.Json.Add(types);
    }

    /// <summary>
    /// Maps a task to any method or lambda. Its parameters are the task's arguments, which travel as a JSON array; a
    /// <see cref="CancellationToken"/> and a <see cref="TaskContext"/> may stand anywhere among them. Optional parameters
    /// may be left out by callers. A method that returns <c>IAsyncEnumerable&lt;T&gt;</c> or <c>IEnumerable&lt;T&gt;</c> yields items: they go one by one to who
    /// called <c>Stream</c>, and as one array to who called <c>Submit</c>. JSON is read and written with the web defaults of System.Text.Json: camelCase names,
    /// read without regard to case, numbers also from strings. A single parameter of type <c>byte[]</c> or
    /// <c>ReadOnlyMemory&lt;byte&gt;</c> takes plain bytes too, a single protobuf message takes its own encoding. The method may
    /// return nothing, a value, or a task of either; bytes and protobuf messages leave as what they are, the rest as JSON.
    /// It runs on a lane thread of its own and may block.
    /// </summary>
    /// <param name="name">What callers call it; at most 1024 characters.</param>
    /// <param name="handler">What it does. Whatever it throws becomes the task's failure.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken, or a type cannot travel.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    [RequiresUnreferencedCode(ReflectionWarning)]
    [RequiresDynamicCode(ReflectionWarning)]
    public void MapTask(string name, Delegate handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        tasks.Add(DelegateHandler.Create(TaskTable.Checked(name), handler, services));
    }

    /// <summary>
    /// Maps every public static method of a type under its full name, <c>Company.FileTasks.Sha256</c>: what a caller means with
    /// <c>pool.Submit(FileTasks.Sha256, path)</c>. Each is a task as with <see cref="MapTask(string, Delegate)"/>. Properties and
    /// operators are left out.
    /// </summary>
    /// <param name="type">Usually a static class that both programs share.</param>
    /// <exception cref="ArgumentException">It has no such method, or one that is overloaded or generic, or that takes or returns what cannot travel.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    [RequiresUnreferencedCode(ReflectionWarning)]
    [RequiresDynamicCode(ReflectionWarning)]
    public void MapTasks(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        var methods = type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Where(static m => !m.IsSpecialName).ToList();
        if (methods.Count == 0)
        {
            throw new ArgumentException($"{type.FullName} has no public static method to map", nameof(type));
        }

        if (methods.GroupBy(static m => m.Name, StringComparer.Ordinal).FirstOrDefault(static g => g.Count() > 1) is { } overloaded)
        {
            throw new ArgumentException($"{type.FullName}.{overloaded.Key} is overloaded, and a task's name says not which is meant; give each a name of its own", nameof(type));
        }

        foreach (var method in methods)
        {
            tasks.Add(DelegateHandler.Create(TaskTable.Checked(FunctionName.Of(method)), method, boundTo: null, services));
        }
    }

    /// <summary>Maps a task of one JSON argument with metadata made at compile time. Clean for trimming and native AOT.</summary>
    /// <typeparam name="TArgument">Travels as the one element of a JSON array.</typeparam>
    /// <typeparam name="TResult">Travels as a JSON value.</typeparam>
    /// <param name="name">What callers call it; at most 1024 characters.</param>
    /// <param name="handler">What it does. Whatever it throws becomes the task's failure.</param>
    /// <param name="argumentType">How the argument is read.</param>
    /// <param name="resultType">How the result is written.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void MapTask<TArgument, TResult>(
        string name,
        Func<TArgument, TaskContext, CancellationToken, ValueTask<TResult>> handler,
        JsonTypeInfo<TArgument> argumentType,
        JsonTypeInfo<TResult> resultType)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(argumentType);
        ArgumentNullException.ThrowIfNull(resultType);
        tasks.Add(new JsonHandler<TArgument, TResult>(TaskTable.Checked(name), handler, argumentType, resultType));
    }

    /// <summary>
    /// Maps a task from bytes to bytes: the fast path, without a copy on either side. The argument's memory belongs to the
    /// task; the result's memory must not be changed after it was returned. Clean for trimming and native AOT.
    /// </summary>
    /// <param name="name">What callers call it; at most 1024 characters.</param>
    /// <param name="handler">What it does. Whatever it throws becomes the task's failure.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void MapTask(string name, Func<ReadOnlyMemory<byte>, TaskContext, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        tasks.Add(new BytesHandler(TaskTable.Checked(name), handler));
    }

    /// <summary>Maps a task from one protobuf message to another. Clean for trimming and native AOT.</summary>
    /// <typeparam name="TRequest">The argument.</typeparam>
    /// <typeparam name="TResponse">The result.</typeparam>
    /// <param name="name">What callers call it; at most 1024 characters.</param>
    /// <param name="handler">What it does. Whatever it throws becomes the task's failure.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void MapTask<TRequest, TResponse>(string name, Func<TRequest, TaskContext, CancellationToken, ValueTask<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage
    {
        ArgumentNullException.ThrowIfNull(handler);
        tasks.Add(new MessageHandler<TRequest, TResponse>(TaskTable.Checked(name), handler));
    }

    /// <summary>
    /// Maps a task of one JSON argument that yields items, with metadata made at compile time. Who calls it with <c>Stream</c> has them while it
    /// runs, and it goes on only while there is room for more; who calls it with <c>Submit</c> has them all in one array. Clean
    /// for trimming and native AOT.
    /// </summary>
    /// <typeparam name="TArgument">Travels as the one element of a JSON array.</typeparam>
    /// <typeparam name="TItem">Each travels as a JSON value.</typeparam>
    /// <param name="name">What callers call it; at most 1024 characters.</param>
    /// <param name="handler">What it does. Whatever it throws, also midway, becomes the task's failure.</param>
    /// <param name="argumentType">How the argument is read.</param>
    /// <param name="itemType">How the items are written.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void MapTask<TArgument, TItem>(
        string name,
        Func<TArgument, TaskContext, CancellationToken, IAsyncEnumerable<TItem>> handler,
        JsonTypeInfo<TArgument> argumentType,
        JsonTypeInfo<TItem> itemType)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(argumentType);
        ArgumentNullException.ThrowIfNull(itemType);
        tasks.Add(new JsonItemsHandler<TArgument, TItem>(TaskTable.Checked(name), handler, argumentType, itemType));
    }

    /// <summary>
    /// Maps a task from bytes to items of bytes. An item is copied when it is yielded: its memory may be used again for the next one. Clean
    /// for trimming and native AOT.
    /// </summary>
    /// <param name="name">What callers call it; at most 1024 characters.</param>
    /// <param name="handler">What it does. Whatever it throws, also midway, becomes the task's failure.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void MapTask(string name, Func<ReadOnlyMemory<byte>, TaskContext, CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        tasks.Add(new BytesItemsHandler(TaskTable.Checked(name), handler));
    }

    /// <summary>Maps a task from a protobuf message to items that are messages; only <c>Stream</c> can call it. Clean for trimming and native AOT.</summary>
    /// <typeparam name="TRequest">The argument.</typeparam>
    /// <typeparam name="TItem">The items.</typeparam>
    /// <param name="name">What callers call it; at most 1024 characters.</param>
    /// <param name="handler">What it does. Whatever it throws, also midway, becomes the task's failure.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void MapTask<TRequest, TItem>(string name, Func<TRequest, TaskContext, CancellationToken, IAsyncEnumerable<TItem>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TItem : class, IMessage
    {
        ArgumentNullException.ThrowIfNull(handler);
        tasks.Add(new MessageItemsHandler<TRequest, TItem>(TaskTable.Checked(name), handler));
    }

    /// <summary>
    /// Maps a gRPC service of the program's own, the very class that ASP.NET Core would be given: each of its methods is a task whose name is the
    /// method's, <c>/images.v1.Thumbnailer/Make</c>, and runs in a lane as every task does. Callers use the generated client over
    /// <c>pool.CreateCallInvoker()</c>, or over a channel to this worker. For every call an object of the service is made: from the task's
    /// scope where its constructor takes something or it is registered in <see cref="Services"/>. An <c>RpcException</c> is the method's
    /// answer, with its status and trailers, and is never tried again.
    /// </summary>
    /// <typeparam name="TService">Derives from the base that Grpc.Tools generates.</typeparam>
    /// <param name="interceptors">Around every call, the first one outermost. Used by all lanes at the same time.</param>
    /// <exception cref="ArgumentException">It is no gRPC service, nobody can make one, or it is mapped already.</exception>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void MapGrpcService<[DynamicallyAccessedMembers(ServiceBinding.Members)] TService>(params Interceptor[] interceptors)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(interceptors);
        ServiceBinding.Map<TService>(tasks, [.. interceptors]);
    }

    /// <summary>
    /// Has something done once in each worker process before it takes tasks: load a model, open what every task needs. It
    /// begins with <see cref="RunAsync"/>, on a thread of its own where it may block, and the worker does not even listen
    /// before it has ended. Called several times, each runs after the one before. By hand, without a supervisor, none runs.
    /// <para>
    /// What it takes counts towards the supervisor's <c>BootTimeout</c>. What it throws is a failed boot: the process exits
    /// with <see cref="WorkerExitCode.CannotServe"/>, the exception is in the death report's last output, and the slot is
    /// tried again after a pause; other workers do not notice. Where no further start can help, leave with
    /// <c>Environment.Exit(WorkerExitCode.Misconfigured)</c>.
    /// </para>
    /// </summary>
    /// <param name="initializer">Its token is cancelled when the worker is asked to leave before it is ready.</param>
    /// <exception cref="InvalidOperationException"><see cref="RunAsync"/> was called already.</exception>
    public void Initialize(Func<CancellationToken, Task> initializer)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        if (Volatile.Read(ref runs) != 0)
        {
            throw new InvalidOperationException("an initializer must be given before RunAsync is called");
        }

        this.initializer.Add(initializer);
    }

    /// <inheritdoc cref="Initialize(Func{CancellationToken, Task})"/>
    public void Initialize(Action<CancellationToken> initializer)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        Initialize(token =>
        {
            initializer(token);
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// Serves until the worker is asked to leave: by SIGTERM, by its supervisor's end, or by
    /// <paramref name="cancellationToken"/>. Then it takes nothing new, gives back what has not started and lets the rest
    /// finish, at most for the time its supervisor allows; a second SIGTERM does not wait. Started by hand, it prints what
    /// it is to stderr and returns at once. Never throws for reasons outside of the program.
    /// </summary>
    /// <param name="cancellationToken">Asks the worker to leave, as SIGTERM does.</param>
    /// <returns>The exit code for the program; see <see cref="WorkerExitCode"/>.</returns>
    /// <exception cref="InvalidOperationException">It was called before, or a task was mapped before a service that it takes was registered.</exception>
    public Task<int> RunAsync(CancellationToken cancellationToken = default)
    {
        if (inProcess is not null)
        {
            throw new InvalidOperationException("RunAsync is for a program that is a worker; here the pool runs what is mapped, in its own process");
        }

        if (Interlocked.Exchange(ref runs, 1) != 0)
        {
            throw new InvalidOperationException("RunAsync can be called once");
        }

        tasks.Close(services);
        if (process is null)
        {
            ByHand.Explain(Console.Error, Environment.ProcessPath ?? "this program", tasks.Names);
            return Task.FromResult(WorkerExitCode.NotSupervised);
        }

        return process.RunAsync(tasks, initializer, services, cancellationToken);
    }

    internal void Map<TResult>(string name, Generated.TaskParameter[] parameters, Generated.TaskCall<TResult> call) =>
        tasks.Add(GeneratedHandler<TResult>.Create(TaskTable.Checked(name), parameters, call, services));

    internal void MapItems<TSequence, TItem>(string name, Generated.TaskParameter[] parameters, Generated.TaskCall<TSequence> call) =>
        tasks.Add(GeneratedHandler<TSequence>.Create(TaskTable.Checked(name), parameters, call, services, new ItemSequence<TItem>(ItemWriter<TItem>.For(services.Json))));

    internal void Map(TaskHandler handler) => tasks.Add(handler);

    internal TaskHandler? Find(string task) => tasks.Find(task);

    /// <summary>One that is given its tasks by a function and run by the pool of the same process.</summary>
    internal static WorkerApplication InProcess(WorkerId worker, HandlerServices services) => new([], process: null, services, worker);

    /// <summary>Everything is mapped.</summary>
    /// <exception cref="InvalidOperationException">A task was mapped before a service that it takes was registered.</exception>
    internal (TaskTable Tasks, Initializer Initializer) Close()
    {
        Volatile.Write(ref runs, 1);
        tasks.Close(services);
        return (tasks, initializer);
    }

    private static string[] WithoutMarker(string[] args)
    {
        var at = Array.LastIndexOf(args, LaunchMarker.Argument);
        return at < 0 ? args : [.. args[..at], .. args[Math.Min(at + 2, args.Length)..]];
    }
}
