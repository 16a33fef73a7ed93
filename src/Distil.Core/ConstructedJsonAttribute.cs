namespace Distil.Core;

/// <summary>Marks a record whose JSON contains only what it is constructed from; what it computes from that is left out.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = true)]
public sealed class ConstructedJsonAttribute : Attribute;
