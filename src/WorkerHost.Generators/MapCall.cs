using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace WorkerHost.Generators;

/// <summary>
/// A call of <c>MapTask(name, delegate)</c> or <c>MapTasks(type)</c> as far as it can be understood at compile time. Exactly one of the three is not null.
/// </summary>
internal sealed class MapCall
{
    private MapCall(ImmutableArray<Handler>? handlers, string? refusal, string? obstacle)
    {
        Handlers = handlers;
        Refusal = refusal;
        Obstacle = obstacle;
    }

    /// <summary>What is mapped: one handler for <c>MapTask</c>, all functions of the type for <c>MapTasks</c>.</summary>
    public ImmutableArray<Handler>? Handlers { get; }

    /// <summary>Why the call will throw, in the words it will throw.</summary>
    public string? Refusal { get; }

    /// <summary>Why the call is left to reflection.</summary>
    public string? Obstacle { get; }

    /// <summary>Null: it is another call.</summary>
    public static MapCall? Read(IInvocationOperation call, Compilation compilation)
    {
        var method = call.TargetMethod;
        if (method.ContainingType?.ToDisplayString() != Words.Application)
        {
            return null;
        }

        return method.Name switch
        {
            Words.MapTask when !method.IsGenericMethod && method.Parameters.Length == 2 && method.Parameters[1].Type.SpecialType == SpecialType.System_Delegate => ReadDelegate(call, compilation),
            Words.MapTasks when method.Parameters.Length == 1 => ReadType(call, compilation),
            _ => null,
        };
    }

    private static MapCall ReadDelegate(IInvocationOperation call, Compilation compilation)
    {
        var name = Argument(call, 0);
        var value = Argument(call, 1);
        var syntax = value.Syntax;
        while (syntax is ParenthesizedExpressionSyntax parenthesized)
        {
            syntax = parenthesized.Expression;
        }

        while (value is IConversionOperation or IParenthesizedOperation or IDelegateCreationOperation)
        {
            value = value switch
            {
                IConversionOperation conversion => conversion.Operand,
                IParenthesizedOperation inner => inner.Operand,
                _ => ((IDelegateCreationOperation)value).Target,
            };
        }

        // What a cast or a variable says of a delegate is not what its method says: names of parameters, defaults.
        var method = syntax is CastExpressionSyntax or ObjectCreationExpressionSyntax ? null
            : value is IAnonymousFunctionOperation lambda ? lambda.Symbol
            : (value as IMethodReferenceOperation)?.Method;
        if (method is null)
        {
            return new MapCall(null, null, "its handler is no lambda and no method by name, so what it is shows only at run time");
        }

        return Of([(name.ConstantValue is { HasValue: true, Value: string text } ? text : name.Syntax.ToString(), method)], isFunction: false, compilation);
    }

    private static MapCall ReadType(IInvocationOperation call, Compilation compilation)
    {
        if (Argument(call, 0) is not ITypeOfOperation { TypeOperand: INamedTypeSymbol type })
        {
            return new MapCall(null, null, "its type is not written as typeof(…)");
        }

        if (type.GetTypeMembers().Any(static t => t.IsExtension))
        {
            return new MapCall(null, null, $"{type.ToDisplayString()} has extension blocks");
        }

        var functions = (type.IsUnboundGenericType ? type.OriginalDefinition : type).GetMembers().OfType<IMethodSymbol>()
            .Where(static m => m is { DeclaredAccessibility: Accessibility.Public, IsStatic: true, MethodKind: MethodKind.Ordinary })
            .ToList();
        var fullName = TypeNames.Full(type, '+');
        if (functions.Count == 0)
        {
            return new MapCall(null, $"{fullName} has no public static method to map", null);
        }

        if (functions.GroupBy(static m => m.Name).FirstOrDefault(static g => g.Count() > 1) is { } overloaded)
        {
            return new MapCall(null, $"{fullName}.{overloaded.Key} is overloaded, and a task's name says not which is meant; give each a name of its own", null);
        }

        if (functions.Find(m => m.IsGenericMethod || type.IsGeneric()) is { } generic)
        {
            return new MapCall(null, $"{fullName}.{generic.Name} is generic, and its name alone does not say for which types; make a method of it that is not", null);
        }

        return Of([.. functions.Select(m => ($"{TypeNames.Full(type, '.')}.{m.Name}", m))], isFunction: true, compilation);
    }

    private static MapCall Of(ImmutableArray<(string Task, IMethodSymbol Method)> methods, bool isFunction, Compilation compilation)
    {
        foreach (var (task, method) in methods)
        {
            if (HandlerCheck.Refusal(method, task) is { } refusal)
            {
                return new MapCall(null, refusal, null);
            }
        }

        var handlers = ImmutableArray.CreateBuilder<Handler>();
        foreach (var (task, method) in methods)
        {
            if (HandlerCheck.Obstacle(method, isFunction, compilation) is { } obstacle)
            {
                return new MapCall(null, null, obstacle);
            }

            handlers.Add(new Handler(task, method));
        }

        return new MapCall(handlers.ToImmutable(), null, null);
    }

    private static IOperation Argument(IInvocationOperation call, int parameter) =>
        call.Arguments.First(a => a.Parameter!.Ordinal == parameter).Value;
}

/// <summary>A method that is a task's handler.</summary>
internal readonly record struct Handler(string Task, IMethodSymbol Method);
