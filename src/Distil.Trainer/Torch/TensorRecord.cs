using System.Collections.Concurrent;
using System.Reflection;
using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>
/// Converts between records of tensors and the flat lists that torch takes. The order is that of the record's parameters; a member may be such a record itself.
/// </summary>
internal static class TensorRecord
{
    private static readonly ConcurrentDictionary<Type, Members> Known = new();

    /// <summary>The tensors of a record, in order; of a tensor, itself.</summary>
    internal static List<Tensor> Flatten<T>(T record)
        where T : class
    {
        var tensors = new List<Tensor>();
        Add(record, typeof(T), tensors);
        return tensors;
    }

    /// <summary>The inverse of <see cref="Flatten"/>.</summary>
    /// <param name="tensors">As many as the record contains.</param>
    /// <exception cref="ArgumentException">There are more or fewer.</exception>
    internal static T Build<T>(IReadOnlyList<Tensor> tensors)
        where T : class
    {
        var next = 0;
        var record = (T)Build(typeof(T), tensors, ref next);
        return next == tensors.Count ? record : throw new ArgumentException($"{typeof(T).Name} contains {next} tensors, got {tensors.Count}", nameof(tensors));
    }

    private static void Add(object record, Type type, List<Tensor> tensors)
    {
        if (type == typeof(Tensor))
        {
            tensors.Add((Tensor)record);
            return;
        }

        foreach (var property in MembersOf(type).Properties)
        {
            Add(property.GetValue(record)!, property.PropertyType, tensors);
        }
    }

    private static object Build(Type type, IReadOnlyList<Tensor> tensors, ref int next)
    {
        if (type == typeof(Tensor))
        {
            return next < tensors.Count ? tensors[next++] : throw new ArgumentException($"got only {tensors.Count} tensors", nameof(tensors));
        }

        var members = MembersOf(type);
        var values = new object[members.Properties.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Build(members.Properties[i].PropertyType, tensors, ref next);
        }

        return members.Constructor.Invoke(values);
    }

    private static Members MembersOf(Type type) => Known.GetOrAdd(type, static record =>
    {
        var constructor = record.GetConstructors().Single();
        return new(constructor, [.. constructor.GetParameters().Select(
            parameter => record.GetProperty(parameter.Name!, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!)]);
    });

    private sealed record Members(ConstructorInfo Constructor, PropertyInfo[] Properties);
}
