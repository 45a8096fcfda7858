using Google.Protobuf.Reflection;

namespace WorkerHost.Contracts.Tests;

/// <summary>The guard of the contract can fail: each kind of breach, made on purpose, is found and named.</summary>
public sealed class ContractComparisonTests
{
    [Fact]
    public void A_contract_is_compatible_with_itself() => Assert.Empty(After(_ => { }));

    [Fact]
    public void A_removed_field_is_a_breach() => Assert.Equal(
        ["field workerhost.v1.RunRequest.idempotent = 6 was removed"],
        After(c => Remove(Message(c, "RunRequest").Field, f => f.Name == "idempotent")));

    [Fact]
    public void A_renumbered_field_is_a_breach() => Assert.Equal(
        ["field workerhost.v1.RunRequest.idempotent = 6 was renumbered to 66"],
        After(c => Field(c, "RunRequest", "idempotent").Number = 66));

    [Fact]
    public void A_renamed_field_is_a_breach_for_generated_code() => Assert.Equal(
        ["field workerhost.v1.RunRequest.idempotent = 6: name idempotent became repeatable"],
        After(c => Field(c, "RunRequest", "idempotent").Name = "repeatable"));

    [Fact]
    public void A_field_of_another_type_is_a_breach() => Assert.Equal(
        ["field workerhost.v1.RunRequest.priority = 5: type Sint32 became Int32"],
        After(c => Field(c, "RunRequest", "priority").Type = FieldDescriptorProto.Types.Type.Int32));

    [Fact]
    public void A_field_of_another_message_type_is_a_breach() => Assert.Equal(
        ["field workerhost.v1.RunRequest.payload = 3: type .workerhost.v1.Payload became .workerhost.v1.RemoteError"],
        After(c => Field(c, "RunRequest", "payload").TypeName = ".workerhost.v1.RemoteError"));

    [Fact]
    public void A_single_field_that_becomes_a_list_is_a_breach() => Assert.Equal(
        ["field workerhost.v1.RunRequest.task = 2: label Optional became Repeated"],
        After(c => Field(c, "RunRequest", "task").Label = FieldDescriptorProto.Types.Label.Repeated));

    [Fact]
    public void A_field_that_moves_into_a_oneof_is_a_breach() => Assert.Equal(
        ["field workerhost.v1.RunRequest.task = 2: oneof none became what"],
        After(c =>
        {
            Message(c, "RunRequest").OneofDecl.Add(new OneofDescriptorProto { Name = "what" });
            Field(c, "RunRequest", "task").OneofIndex = 0;
        }));

    [Fact]
    public void A_removed_message_is_a_breach() => Assert.Equal(
        ["message workerhost.v1.PayloadChunk was removed"],
        After(c => Remove(File(c, "session").MessageType, m => m.Name == "PayloadChunk")));

    [Fact]
    public void A_removed_nested_message_is_a_breach() => Assert.Equal(
        ["message workerhost.v1.RunRequest.HeadersEntry was removed"],
        After(c => Message(c, "RunRequest").NestedType.Clear()));

    [Fact]
    public void A_removed_enum_value_is_a_breach() => Assert.Equal(
        ["enum value workerhost.v1.DeathCause.DEATH_CAUSE_HANG was removed"],
        After(c => Remove(File(c, "failure").EnumType.Single(e => e.Name == "DeathCause").Value, v => v.Name == "DEATH_CAUSE_HANG")));

    [Fact]
    public void A_renumbered_enum_value_is_a_breach() => Assert.Equal(
        ["enum value workerhost.v1.DeathCause.DEATH_CAUSE_HANG: number 4 became 44"],
        After(c => File(c, "failure").EnumType.Single(e => e.Name == "DeathCause").Value.Single(v => v.Name == "DEATH_CAUSE_HANG").Number = 44));

    [Fact]
    public void A_removed_enum_is_a_breach() => Assert.Equal(
        ["enum workerhost.v1.DeathCause was removed"],
        After(c => Remove(File(c, "failure").EnumType, e => e.Name == "DeathCause")));

    [Fact]
    public void A_removed_service_is_a_breach() => Assert.Equal(
        ["service workerhost.v1.TaskEndpoint was removed"],
        After(c => File(c, "task_endpoint").Service.Clear()));

    [Fact]
    public void A_removed_method_is_a_breach() => Assert.Equal(
        ["method workerhost.v1.TaskEndpoint.Describe was removed"],
        After(c => Remove(Methods(c), m => m.Name == "Describe")));

    [Fact]
    public void A_method_that_streams_otherwise_is_a_breach() => Assert.Equal(
        ["method workerhost.v1.TaskEndpoint.Run: response .workerhost.v1.RunResponse became stream .workerhost.v1.RunResponse"],
        After(c => Methods(c).Single(m => m.Name == "Run").ServerStreaming = true));

    [Fact]
    public void A_method_with_another_request_is_a_breach() => Assert.Equal(
        ["method workerhost.v1.TaskEndpoint.Run: request .workerhost.v1.RunRequest became .workerhost.v1.TaskSubmission"],
        After(c => Methods(c).Single(m => m.Name == "Run").InputType = ".workerhost.v1.TaskSubmission"));

    [Fact]
    public void A_removed_file_is_a_breach() => Assert.Equal(
        ["file workerhost/v1/worker_control.proto was removed"],
        After(c => Remove(c.File, f => f.Name.EndsWith("worker_control.proto", StringComparison.Ordinal))));

    [Fact]
    public void Another_package_is_a_breach() => Assert.Equal(
        ["file workerhost/v1/session.proto: package workerhost.v1 became workerhost.v2"],
        After(c => File(c, "session").Package = "workerhost.v2"));

    [Fact]
    public void Additions_are_fine() => Assert.Empty(After(c =>
    {
        c.File.Add(new FileDescriptorProto { Name = "workerhost/v1/more.proto", Package = "workerhost.v1" });
        File(c, "session").MessageType.Add(new DescriptorProto { Name = "More" });
        Message(c, "RunRequest").Field.Add(new FieldDescriptorProto { Name = "more", Number = 12, Type = FieldDescriptorProto.Types.Type.String });
        File(c, "failure").EnumType.Single(e => e.Name == "DeathCause").Value.Add(new EnumValueDescriptorProto { Name = "DEATH_CAUSE_MORE", Number = 11 });
        Methods(c).Add(new MethodDescriptorProto { Name = "More" });
        File(c, "session").Service.Add(new ServiceDescriptorProto { Name = "More" });
    }));

    private static IReadOnlyList<string> After(Action<FileDescriptorSet> change)
    {
        var older = ContractFiles.CompiledSet();
        var newer = older.Clone();
        change(newer);
        return ContractComparison.Breaches(older, newer);
    }

    private static FileDescriptorProto File(FileDescriptorSet set, string name) => set.File.Single(f => f.Name == $"workerhost/v1/{name}.proto");

    private static DescriptorProto Message(FileDescriptorSet set, string name) => set.File.SelectMany(f => f.MessageType).Single(m => m.Name == name);

    private static FieldDescriptorProto Field(FileDescriptorSet set, string message, string name) => Message(set, message).Field.Single(f => f.Name == name);

    private static Google.Protobuf.Collections.RepeatedField<MethodDescriptorProto> Methods(FileDescriptorSet set) =>
        File(set, "task_endpoint").Service.Single(s => s.Name == "TaskEndpoint").Method;

    private static void Remove<T>(ICollection<T> from, Func<T, bool> which) => from.Remove(from.Single(which));
}
