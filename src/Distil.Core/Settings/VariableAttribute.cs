namespace Distil.Core.Settings;

/// <summary>The environment variable that a setting is read from.</summary>
/// <param name="name">The variable.</param>
/// <param name="older">An older name of it, read if <paramref name="name"/> is not set.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class VariableAttribute(string name, string? older = null) : Attribute
{
    /// <value>The variable's names, the one that wins first.</value>
    public IReadOnlyList<string> Names { get; } = older is null ? [name] : [name, older];
}
