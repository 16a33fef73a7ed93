using System.Globalization;

namespace Distil.Core.Errors;

/// <summary>Where in a document a field is: as people write it (<c>training.epochs</c>) and as a JSON Pointer (<c>/training/epochs</c>).</summary>
internal readonly record struct FieldPath(string Text, string Pointer)
{
    public static FieldPath Root { get; } = new("", "");

    public FieldPath Field(string name) =>
        new(Text.Length == 0 ? name : $"{Text}.{name}", $"{Pointer}/{name.Replace("~", "~0").Replace("/", "~1")}");

    public FieldPath Item(int index) => new($"{Text}[{index}]", string.Create(CultureInfo.InvariantCulture, $"{Pointer}/{index}"));

    /// <summary>A path from its text, for instance <c>distillation.alpha.from</c>.</summary>
    public static FieldPath Parse(string text) => text.Split('.').Aggregate(Root, (path, name) => path.Field(name));

    public override string ToString() => Text.Length == 0 ? "the specification" : Text;
}
