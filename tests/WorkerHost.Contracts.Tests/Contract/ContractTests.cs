using Google.Protobuf.Reflection;

namespace WorkerHost.Contracts.Tests;

/// <summary>
/// The committed descriptor set guards <c>workerhost.v1</c>: it may grow and never break. After an addition, write it anew:
/// <c>WORKERHOST_ACCEPT_CONTRACT=1 bash tests/run ContractTests</c>.
/// </summary>
public sealed class ContractTests
{
    [Fact]
    public void Nobody_who_was_built_from_the_committed_contract_is_broken()
    {
        var breaches = ContractComparison.Breaches(ContractFiles.CommittedSet(), ContractFiles.CompiledSet());
        Assert.True(breaches.Count == 0, $"""
            the contract of version 1 may only grow; these changes break peers that exist:
            {string.Join("\n", breaches)}
            """);
    }

    [Fact]
    public void Additions_are_committed_with_the_contract_so_that_they_are_guarded_too()
    {
        var compiled = ContractFiles.CompiledSet();
        if (Environment.GetEnvironmentVariable(ContractFiles.AcceptVariable) == "1"
            && ContractComparison.Breaches(ContractFiles.CommittedSet(), compiled).Count == 0)
        {
            ContractFiles.Accept();
        }

        var additions = ContractComparison.Breaches(compiled, ContractFiles.CommittedSet());
        Assert.True(additions.Count == 0, $"""
            the contract has grown; commit its new descriptor set, made by
            {ContractFiles.AcceptCommand}
            seen from the new contract:
            {string.Join("\n", additions)}
            """);
    }

    [Fact]
    public void All_files_of_the_package_are_compared()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "protos", "workerhost", "v1"), "*.proto")
            .Select(p => $"workerhost/v1/{Path.GetFileName(p)}")
            .Order(StringComparer.Ordinal);
        Assert.Equal(sources, ContractFiles.Compiled.Select(f => f.Name));
    }

    [Fact]
    public void An_enum_starts_with_its_unspecified_value_and_its_values_carry_its_name()
    {
        foreach (var type in ContractFiles.Compiled.SelectMany(f => f.EnumTypes))
        {
            var prefix = string.Concat(type.Name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{c}" : char.ToUpperInvariant(c).ToString()));
            Assert.Equal($"{prefix}_UNSPECIFIED", type.FindValueByNumber(0)?.Name);
            Assert.All(type.Values, v => Assert.StartsWith($"{prefix}_", v.Name, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Older_generators_can_read_it_so_there_is_no_optional_and_no_edition()
    {
        Assert.All(ContractFiles.Compiled, file => Assert.Equal("proto3", FileDescriptorProto.Parser.ParseFrom(file.SerializedData).Syntax));
        foreach (var message in ContractFiles.Compiled.SelectMany(f => f.MessageTypes))
        {
            Assert.All(message.Fields.InDeclarationOrder(), f => Assert.False(f.ToProto().Proto3Optional, f.FullName));
        }
    }

    [Fact]
    public void A_method_has_a_request_and_a_response_of_its_own()
    {
        var methods = ContractFiles.Compiled.SelectMany(f => f.Services).SelectMany(s => s.Methods).ToArray();
        var types = methods.SelectMany(m => new[] { m.InputType.FullName, m.OutputType.FullName }).ToArray();
        Assert.Equal(types.Length, types.Distinct().Count());
        Assert.All(methods, m => Assert.EndsWith("Request", m.InputType.Name, StringComparison.Ordinal));
        Assert.All(methods, m => Assert.EndsWith("Response", m.OutputType.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void The_kinds_and_causes_of_the_library_have_the_numbers_of_the_contract()
    {
        Assert.Equal(
            Enum.GetValues<V1.TaskFailureKind>().Select(v => (v.ToString(), (int)v)),
            Enum.GetValues<TaskFailureKind>().Select(v => (v.ToString(), (int)v)));
        Assert.Equal(
            Enum.GetValues<V1.DeathCause>().Select(v => (int)v),
            Enum.GetValues<DeathCause>().Select(v => (int)v));
        Assert.Equal(
            Enum.GetNames<V1.DeathCause>().Skip(1),
            Enum.GetNames<DeathCause>().Skip(1));
    }
}
