using System.Globalization;

namespace Distil.Core.Errors;

/// <summary>The path of a field in a document: as people write it (<c>training.epochs</c>) and as a JSON Pointer (<c>/training/epochs</c>).</summary>
/// <param name="Text">The path in messages; empty for the document itself.</param>
/// <param name="Pointer">RFC 6901; empty for the document itself, null for something outside every document, such as a command's option.</param>
public readonly record struct FieldPath(string Text, string? Pointer)
{
    /// <value>The path of the document itself.</value>
    public static FieldPath Root { get; } = new("", "");

    /// <summary>Parses the text of a path, for instance <c>distillation.alpha.from</c>.</summary>
    public static FieldPath Parse(string text) => text.Split('.').Aggregate(Root, (path, name) => path.Field(name));

    /// <summary>Creates a path for something that is in no document, for instance the option <c>--model</c>.</summary>
    public static FieldPath Named(string name) => new(name, null);

    /// <summary>Returns the path of a field of this object.</summary>
    public FieldPath Field(string name) =>
        new(Text.Length == 0 ? name : $"{Text}.{name}", Pointer is null ? null : $"{Pointer}/{name.Replace("~", "~0").Replace("/", "~1")}");

    /// <summary>Returns the path of an item of this list, from 0.</summary>
    public FieldPath Item(int index) => new($"{Text}[{index}]", Pointer is null ? null : string.Create(CultureInfo.InvariantCulture, $"{Pointer}/{index}"));

    /// <inheritdoc />
    public override string ToString() => Text.Length == 0 ? "the specification" : Text;
}
