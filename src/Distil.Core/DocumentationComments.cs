using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Distil.Core;

/// <summary>An assembly's documentation comments as plain sentences, read from the file that the compiler writes next to the assembly.</summary>
internal sealed partial class DocumentationComments
{
    private readonly Dictionary<string, XElement> _members;

    private DocumentationComments(XDocument document) =>
        _members = document.Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    /// <summary>Reads an assembly's comments.</summary>
    /// <exception cref="FileNotFoundException">The assembly has no such file.</exception>
    public static DocumentationComments Of(Assembly assembly) => new(XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")));

    /// <summary>The summary of a type or of an enum's value; null if there is none.</summary>
    public string? Summary(MemberInfo member) => Text(member, "summary");

    /// <summary>The description of a property's value; null if there is none.</summary>
    public string? Value(PropertyInfo property) => Text(property, "value");

    private string? Text(MemberInfo member, string part) => _members.GetValueOrDefault(IdOf(member))?.Element(part) is { } element
        ? Space().Replace(string.Concat(element.Nodes().Select(Plain)), " ").Trim()
        : null;

    private static string IdOf(MemberInfo member) => member switch
    {
        Type type => $"T:{type.FullName!.Replace('+', '.')}",
        PropertyInfo property => $"P:{property.DeclaringType!.FullName!.Replace('+', '.')}.{property.Name}",
        _ => $"F:{member.DeclaringType!.FullName!.Replace('+', '.')}.{member.Name}",
    };

    /// <summary>Replaces a reference by the JSON name of its member.</summary>
    private static string Plain(XNode node) => node switch
    {
        XText text => text.Value,
        XElement element when element.Attribute("cref") is { } reference => JsonNamingPolicy.CamelCase.ConvertName(reference.Value.Split('.', ':')[^1]),
        XElement element => string.Concat(element.Nodes().Select(Plain)),
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
