using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>Reads the <c>model</c> of a tokenizer.json: byte-pair encoding.</summary>
internal sealed class BpeModelReader(TokenizerFields fields)
{
    /// <summary>Throws if the model is another than BPE, or has a part that is not reproduced.</summary>
    internal void Check(JsonElement model)
    {
        if (TokenizerFields.Optional(model, "type") is { } type && type.GetString() != "BPE")
        {
            throw fields.Unsupported("model.type", type.GetString(), "BPE");
        }

        if (TokenizerFields.Optional(model, "dropout") is { } dropout && dropout.GetDouble() != 0)
        {
            throw fields.Unsupported("model.dropout", dropout.ToString(), "null");
        }

        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (TokenizerFields.Optional(model, affix) is { } value && value.GetString() != "")
            {
                throw fields.Unsupported($"model.{affix}", value.GetString(), "null");
            }
        }
    }

    /// <summary>A pair to merge, as "left right".</summary>
    internal string Merge(JsonElement merge) => merge.ValueKind switch
    {
        JsonValueKind.String when merge.GetString()!.Count(c => c == ' ') == 1 => merge.GetString()!,
        JsonValueKind.Array when merge.GetArrayLength() == 2 && merge.EnumerateArray().All(IsPlain) => $"{merge[0]} {merge[1]}",
        _ => throw fields.Unsupported("model.merges", merge.ToString(), "\"left right\" or [\"left\", \"right\"]"),
    };

    private static bool IsPlain(JsonElement part) => part.ValueKind == JsonValueKind.String && !part.GetString()!.Contains(' ');
}
