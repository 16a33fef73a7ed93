using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Settings;

namespace Distil.Core.Endpoints;

/// <summary>Keys of teachers' servers from this machine's environment. Each belongs to a URL, so that it is sent only there, whoever writes the
/// specification.</summary>
internal sealed class EndpointKeys
{
    /// <summary>URLs with their keys, as <c>URL=KEY</c>, separated by white space.</summary>
    internal const string Variable = SourceSettings.TeacherKeysVariable;

    private readonly UrlTable _known;

    private EndpointKeys(IEnumerable<(string Below, string Key)> known) => _known = new(known);

    /// <summary>Parses a list.</summary>
    /// <exception cref="InvalidInputException">An entry is not a URL with a key; the message does not contain it.</exception>
    public static EndpointKeys Parse(string? list) =>
        new((list ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select((entry, i) => Entry(entry, i + 1)));

    /// <summary>Returns the key for a URL; null if none is known.</summary>
    public string? KeyFor(Uri url) => _known.Find(url);

    private static (string Below, string Key) Entry(string entry, int number) =>
        entry.Split('=', 2) is [var url, { Length: > 0 } key] && key.All(character => character is > ' ' and <= '~')
        && Uri.TryCreate(url, UriKind.Absolute, out var parsed) && WebUrl.IsReadable(parsed) && EndpointAddress.Fault(url) is null
            ? (UrlTable.Key(EndpointAddress.Of(url, "")), key)
            : throw new InvalidInputException(
                $"{Variable}: its entry {number} is not a URL with a key; expected for instance https://host=KEY (http:// only on this machine), several "
                + "separated by spaces");
}
