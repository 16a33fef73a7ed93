using System.Globalization;
using System.Text;
using Distil.Core.Documents.Reports;
using Distil.Core.Errors;
using Distil.Core.Hub;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Trainer.Jobs.Export;

/// <summary>The model card of a run's student: README.md of its folder, in Markdown, which the Hugging Face hub shows as the model's page.</summary>
/// <remarks>https://huggingface.co/docs/hub/model-cards.</remarks>
internal static class ModelCard
{
    /// <summary>The file's name in a model folder.</summary>
    internal const string Name = "README.md";

    /// <summary>Writes the card. Paths of this machine are shortened to their last part; the report's URLs have no queries.</summary>
    internal static string Of(RunReport report)
    {
        var (spec, last, without) = (report.Spec, report.Epochs[^1].Distilled, report.Epochs[^1].WithoutTeacher);
        var teacher = Shown(spec.Teacher.Path);
        var card = new StringBuilder("---\nlibrary_name: transformers\npipeline_tag: text-generation\n");
        if (HubPath.Is(spec.Teacher.Path))
        {
            card.Append(CultureInfo.InvariantCulture, $"base_model: {HubPath.Parse(spec.Teacher.Path, HubKind.Model, FieldPath.Parse("teacher.path")).Repository}\n");
        }

        card.Append(CultureInfo.InvariantCulture, $"""
            tags:
            - xlstm
            - knowledge-distillation
            ---

            # {spec.Name}

            A recurrent xLSTM student of the Transformer {teacher}, distilled with Distil. {Kind(report)}

            ## Use

            ```python
            from transformers import AutoModelForCausalLM, AutoTokenizer
            model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)
            tokenizer = AutoTokenizer.from_pretrained(folder)
            inputs = tokenizer("Once", return_tensors="pt")
            print(tokenizer.decode(model.generate(**inputs, max_new_tokens=50)[0]))
            ```

            With Distil: `distil generate`, `distil chat` and `distil serve`, each with `--model FOLDER`.

            ## Quality on held-out text

            | | student | teacher |{(without is null ? "" : " without teacher |")}
            |---|--:|--:|{(without is null ? "" : "--:|")}
            | perplexity | {last.Student.Perplexity:F3} | {last.Teacher?.Perplexity:F3} |{Cell($"{without?.Student.Perplexity:F3}")}
            | same most probable token as the teacher | {last.Top1Agreement:P1} | |{Cell($"{without?.Top1Agreement:P1}")}
            | KL from the teacher, nats a token | {last.Kl:F4} | |{Cell($"{without?.Kl:F4}")}

            Measured on {last.Tokens:N0} tokens at a context of {spec.Dataset.ContextLength:N0}.

            ## Training

            {Training(report)}
            {Forms(report)}
            ## Licence

            Weights of this student are its teacher's, or were trained from the teacher's outputs: the teacher's licence applies. If the teacher's folder had
            licence files, they are in this one. The licences of the training data may apply, too.

            """);
        return card.ToString();
    }

    private static string Forms(RunReport report) => report.Forms is not { } forms ? "" : "\n## Weights in other forms\n\n"
        + "| form | cross-entropy, nats a token | against float32 weights | KL from those | same most probable token |\n|---|--:|--:|--:|--:|\n"
        + string.Concat(forms.Select(form => FormattableString.Invariant(
            $"| {form.Form.Word} | {form.Rounded:F4} | {form.Cost:+0.00%;-0.00%} | {form.Kl:F5} | {form.Agreement:P2} |\n")));

    private static string Training(RunReport report) => report.Experts is { } experts
        ? "The weighted mean of students that began equal, each trained on text of its own:\n\n"
            + string.Join('\n', experts.Select(expert => FormattableString.Invariant($"- {expert.Share:P1} of {expert.RunId} ({expert.TrainTokens:N0} tokens)")))
        : FormattableString.Invariant($"{report.Dataset.TrainTokens:N0} tokens, {report.Spec.Training.Epochs} epochs, from:\n\n")
            + string.Join('\n', report.Spec.Dataset.Sources.Select(source => $"- {Shown(source)}"));

    private static string Kind(RunReport report)
    {
        var layers = string.Join(", ", report.Student.Blocks.GroupBy(block => block).Select(blocks => $"{blocks.Count()} × {blocks.Key}"));
        return FormattableString.Invariant(
            $"Layers: {layers}. Parameters: {report.Student.TrainableParameters + report.Student.FrozenParameters:N0}.");
    }

    private static string Shown(string path) =>
        SourceCatalog.IsRemote(path) ? path : Path.GetFileName(Path.TrimEndingDirectorySeparator(path));

    private static string Cell(FormattableString value) => FormattableString.Invariant(value) is { Length: > 0 } text ? $" {text} |" : "";
}
