using System.Text.RegularExpressions;
using Distil.Core.Errors;

namespace Distil.Azure.ResourceManager;

/// <summary>Checks resource ids from settings.</summary>
internal static class ResourceId
{
    private const string Name = @"[\w.()-]+";

    /// <summary>Returns a setting's resource id. The app's identity is sent to this path: a value that is not one could lead elsewhere.</summary>
    /// <param name="variable">The setting's environment variable.</param>
    /// <param name="value">Its value; null if it is not set.</param>
    /// <param name="type">Type of the resource, for instance <c>Microsoft.App/jobs</c>.</param>
    /// <exception cref="InvalidInputException">It is not set, or not the id of a resource of this type.</exception>
    public static string Require(string variable, string? value, string type)
    {
        var segments = type.Split('/');
        var path = $"/{string.Join('/', segments.Skip(1).Select(segment => $"{Regex.Escape(segment)}/{Name}"))}";
        var pattern = $@"^/subscriptions/{Name}/resourceGroups/{Name}/providers/{Regex.Escape(segments[0])}{path}\z";
        return value is not null && Regex.IsMatch(value, pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)
            ? value
            : throw new InvalidInputException(
                $"{variable} is {value ?? "not set"}; expected a resource id, /subscriptions/…/resourceGroups/…/providers/{segments[0]}/"
                + $"{string.Join('/', segments.Skip(1).Select(segment => $"{segment}/…"))} (docs/azure.md)");
    }
}
