using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>The pre-tokenizer Metaspace: spaces become ▁, and one is put in front of the text.</summary>
/// <param name="Replacement">The character for a space.</param>
/// <param name="Prepends">Where one is put in front.</param>
public sealed record MetaspaceStep(char Replacement, MetaspacePrefix Prepends)
{
    /// <summary>Changes a section of a text.</summary>
    /// <param name="section">Text between two added tokens.</param>
    /// <param name="isFirst">Whether the text begins with it.</param>
    internal string Apply(string section, bool isFirst)
    {
        var replaced = section.Replace(' ', Replacement);
        var prepends = Prepends == MetaspacePrefix.Always || (Prepends == MetaspacePrefix.First && isFirst);
        return prepends && !replaced.StartsWith(Replacement) ? Replacement + replaced : replaced;
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="Errors.InvalidInputException">A field is missing or not reproduced.</exception>
    internal static MetaspaceStep Read(TokenizerFields fields, JsonElement step)
    {
        var replacement = fields.Require(step, "replacement", JsonValueKind.String).GetString()!;
        var scheme = TokenizerFields.Optional(step, "prepend_scheme")?.GetString()
            ?? (TokenizerFields.Flag(step, "add_prefix_space", otherwise: true) ? "always" : "never");
        return replacement.Length == 1
            ? new(replacement[0], scheme switch
            {
                "always" => MetaspacePrefix.Always,
                "first" => MetaspacePrefix.First,
                "never" => MetaspacePrefix.Never,
                _ => throw fields.Unsupported("pre_tokenizer.Metaspace.prepend_scheme", scheme, "always, first or never"),
            })
            : throw fields.Unsupported("pre_tokenizer.Metaspace.replacement", replacement, "one character");
    }
}

/// <summary>Where Metaspace puts a ▁ in front.</summary>
public enum MetaspacePrefix
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>At the start of the text.</summary>
    First,

    /// <summary>At the start of every section between added tokens.</summary>
    Always,
}
