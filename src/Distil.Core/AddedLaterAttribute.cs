namespace Distil.Core;

/// <summary>Marks a field that earlier documents do not have. <see cref="DistilJson"/> does not write it at its record's default, so that those documents stay
/// the same, byte for byte.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AddedLaterAttribute : Attribute;
