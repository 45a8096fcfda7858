namespace System.Runtime.CompilerServices;

/// <summary>What the compiler needs for records, and this target does not have.</summary>
internal static class IsExternalInit;
