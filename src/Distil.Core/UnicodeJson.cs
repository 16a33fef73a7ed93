using System.Text.Json;

namespace Distil.Core;

/// <summary>Requires that a JSON document is Unicode throughout: .NET's reader looks at a text only when somebody asks for it.</summary>
internal static class UnicodeJson
{
    /// <exception cref="InvalidOperationException">A name or a text contains half of a surrogate pair.</exception>
    internal static void Require(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                value.EnumerateArray().ToList().ForEach(Require);
                break;
            case JsonValueKind.Object:
                foreach (var field in value.EnumerateObject())
                {
                    _ = field.Name;
                    Require(field.Value);
                }

                break;
        }
    }
}
