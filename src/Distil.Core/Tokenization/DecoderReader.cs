using System.Text.Json;

namespace Distil.Core.Tokenization;

/// <summary>Reads the <c>decoder</c> of a tokenizer.json.</summary>
internal sealed class DecoderReader(TokenizerFields fields)
{
    /// <summary>ByteLevel, or ▁ to space, bytes, and the whole without the space at its start.</summary>
    /// <returns>Whether tokens are spelled in bytes; whether a space at the start of a decoded text is dropped.</returns>
    internal (bool IsOfBytes, bool StripsSpace) Read(JsonElement root)
    {
        var decoder = TokenizerFields.Optional(root, "decoder");
        var type = decoder is { } given ? fields.Type(given) : "null";
        if (type == "ByteLevel")
        {
            return (true, false);
        }

        var steps = type == "Sequence" ? fields.Require(decoder!.Value, "decoders", JsonValueKind.Array).EnumerateArray().ToArray() : [];
        var strips = steps.Length == 4 && IsStrip(steps[3]);
        if (steps.Length != (strips ? 4 : 3) || !IsSpace(steps[0]) || fields.Type(steps[1]) != "ByteFallback" || fields.Type(steps[2]) != "Fuse")
        {
            throw fields.Unsupported("decoder", type, "ByteLevel, or a Sequence of Replace (▁ by a space), ByteFallback, Fuse and, if any, Strip of one space at the start");
        }

        return (false, strips);
    }

    private bool IsSpace(JsonElement step) => fields.Type(step) == "Replace" && step.GetProperty("content").ValueEquals(" ")
        && TokenizerFields.Optional(step.GetProperty("pattern"), "String") is { } from && from.ValueEquals($"{PieceAlphabet.Space}");

    private bool IsStrip(JsonElement step) => fields.Type(step) == "Strip" && step.GetProperty("content").ValueEquals(" ")
        && step.GetProperty("start").GetInt32() == 1 && step.GetProperty("stop").GetInt32() == 0;
}
