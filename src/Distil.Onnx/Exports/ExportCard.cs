using System.Text;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;

namespace Distil.Onnx.Exports;

/// <summary>The card of an exported folder: README.md, the student's own card with what the export adds to it.</summary>
internal static class ExportCard
{
    /// <summary>Writes the card.</summary>
    /// <param name="part">Target and form.</param>
    /// <param name="own">The student's card; null if it has none.</param>
    /// <param name="quality">What the form costs; null if it was not measured.</param>
    internal static string Of(ExportPart part, string? own, FormQuality? quality)
    {
        var card = new StringBuilder(own ?? "# A student of Distil\n");
        if (part.Target == ExportTarget.Onnx)
        {
            card.Replace("library_name: transformers\n", "library_name: onnxruntime\n");
            card.Append(FormattableString.Invariant($"""

                ## In ONNX Runtime

                `{OnnxStudent.FileName}` runs in ONNX Runtime (tested with versions 1.30 and 1.31), also in a browser. Inputs: `input_ids` [batch, tokens],
                int64; `past.…`, the state, zeros at the start of a text; `logits_to_keep` [1], int64, of how many last positions logits are wanted (0: all).
                Outputs: `logits` [batch, kept, vocabulary] and `present.…`, which the next call takes as `past.…`. A call of n tokens equals n calls of one.
                Give long texts in pieces of at most 256 tokens: a call takes memory for n² numbers in each head.

                """));
        }

        if (part.Target == ExportTarget.Genai)
        {
            card.Replace("library_name: transformers\n", "library_name: onnxruntime-genai\n");
            card.Append("""

                ## In ONNX Runtime GenAI

                `new Model(folder)` of Microsoft.ML.OnnxRuntimeGenAI or `onnxruntime_genai.Model(folder)` opens this folder (tested with version 0.18). Give it
                one text at a time: the model takes no mask for padding, and of two prompts of 600 tokens in one batch the runtime gave wrong tokens.

                """);
        }

        card.Append(FormattableString.Invariant($"\n## Weights\n\n{WeightsOf(part)}\n"));
        if (quality is not null)
        {
            card.Append(FormattableString.Invariant($"""

                Against the weights that were exported, on {quality.Tokens:N0} tokens of {quality.Text}:

                | | |
                |---|--:|
                | cross-entropy, nats a token, before | {quality.Exact:F4} |
                | cross-entropy in this form | {quality.Rounded:F4}{ErrorOf(quality)} |
                | KL from before, nats a token | {quality.Kl:F5} |
                | same most probable token | {quality.Agreement:P2} |

                """));
        }

        return card.ToString();
    }

    private static string ErrorOf(FormQuality quality) =>
        quality.DifferenceError is { } error ? FormattableString.Invariant($" ± {error:F4} for the difference") : "";

    private static string WeightsOf(ExportPart part) => part switch
    {
        { Form: WeightForm.Fp32 } => "float32.",
        { Target: ExportTarget.Hf } => "bfloat16: every weight is rounded to 8 significant bits.",
        { Form: WeightForm.Bf16 } => "Matrices in bfloat16, but float32 for scalar gates, feature maps, norms and convolutions; the runtime computes in float32.",
        _ => FormattableString.Invariant(
            $"Projections, embedding and head in {part.Form.Word} with a float32 scale for 32 weights; recurrent and block-diagonal matrices in bfloat16; ")
            + "others in float32.",
    };
}
