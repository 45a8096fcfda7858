namespace WorkerHost.Generators;

/// <summary>Names that the generator and the libraries have in common.</summary>
internal static class Words
{
    /// <summary>A program that sets this MSBuild property to false is left alone.</summary>
    public const string Switch = "build_property.WorkerHostGenerators";

    public const string Application = "WorkerHost.WorkerApplication";
    public const string MapTask = "MapTask";
    public const string MapTasks = "MapTasks";
    public const string Context = "WorkerHost.TaskContext";
    public const string Token = "System.Threading.CancellationToken";
    public const string Message = "Google.Protobuf.IMessage";
    public const string KeyedServices = "Microsoft.Extensions.DependencyInjection.FromKeyedServicesAttribute";
}
