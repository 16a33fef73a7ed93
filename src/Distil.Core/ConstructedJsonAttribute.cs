namespace Distil.Core;

/// <summary>Marks a record whose JSON contains only its constructor's parameters and settable members; computed members are omitted.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = true)]
public sealed class ConstructedJsonAttribute : Attribute;
