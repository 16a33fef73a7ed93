using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>What happens to a text between two added tokens before it is split: Unicode form C, another text in front, one text for another.</summary>
internal sealed class TextNormalizer
{
    private readonly List<Func<string, string>> _steps = [];
    private readonly TokenizerFields _fields;

    /// <param name="fields">Reads the fields.</param>
    /// <param name="normalizer">The <c>normalizer</c> of a tokenizer.json; null for none.</param>
    /// <exception cref="Errors.InvalidInputException">It is not reproduced.</exception>
    internal TextNormalizer(TokenizerFields fields, JsonElement? normalizer)
    {
        _fields = fields;
        if (normalizer is { } given)
        {
            Add(given);
        }
    }

    /// <value>Whether it changes any text.</value>
    internal bool Changes => _steps.Count > 0;

    /// <value>Whether it composes characters (Unicode form C).</value>
    internal bool Composes { get; private set; }

    /// <value>Whether it puts a text in front.</value>
    internal bool Prepends { get; private set; }

    /// <summary>Normalises a text.</summary>
    internal string Apply(string text) => _steps.Aggregate(text, (changed, step) => step(changed));

    private void Add(JsonElement normalizer)
    {
        switch (_fields.Type(normalizer))
        {
            case "NFC":
                Composes = true;
                _steps.Add(CanonicalComposition.Compose);
                break;
            case "Prepend":
                var front = _fields.Require(normalizer, "prepend", JsonValueKind.String).GetString()!;
                Prepends = true;
                _steps.Add(text => text.Length == 0 ? text : front + text);
                break;
            case "Replace":
                var pattern = _fields.Require(normalizer, "pattern", JsonValueKind.Object);
                var content = _fields.Require(normalizer, "content", JsonValueKind.String).GetString()!;
                var old = TokenizerFields.Optional(pattern, "String")?.GetString();
                if (string.IsNullOrEmpty(old))
                {
                    throw _fields.Unsupported("normalizer.Replace.pattern", pattern.ToString(), "a String that is not empty");
                }

                _steps.Add(text => text.Replace(old, content, StringComparison.Ordinal));
                break;
            case "Sequence":
                foreach (var inner in _fields.Require(normalizer, "normalizers", JsonValueKind.Array).EnumerateArray())
                {
                    Add(inner);
                }

                break;
            case var other:
                throw _fields.Unsupported("normalizer", other, "NFC, Prepend, Replace or a Sequence of them");
        }
    }
}
