using System.Collections.ObjectModel;

namespace Distil.Core.Models;

/// <summary>A list that equals another with the same items, so that records with lists can be compared.</summary>
/// <param name="items">The items, in order.</param>
public sealed class ValueList<T>(IEnumerable<T> items) : ReadOnlyCollection<T>([.. items]), IEquatable<ValueList<T>>
{
    /// <inheritdoc />
    public bool Equals(ValueList<T>? other) => other is not null && this.SequenceEqual(other);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    /// <inheritdoc />
    public override int GetHashCode() => this.Aggregate(Count, HashCode.Combine);
}
