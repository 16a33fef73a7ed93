using System.CommandLine;
using Distil.Cli.Display;
using Distil.Core;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Onnx.Exports;

namespace Distil.Cli.Commands;

/// <summary><c>distil export</c>: writes a student for transformers and ONNX Runtime, with weights in several forms.</summary>
internal sealed class ExportCommand
{
    private const int DefaultTokens = 4096, RowLength = 512;

    private readonly Argument<string> _student = StudentArgument.Create("A student's folder");

    private readonly Option<string> _to = new("--to")
    {
        Description = "For what, with commas: hf (transformers), onnx (ONNX Runtime, also in a browser) and genai (ONNX Runtime GenAI). Default: onnx.",
        DefaultValueFactory = _ => "onnx",
    };

    private readonly Option<string> _weights = new("--weights")
    {
        Description = "How weights are stored, with commas: fp32, bf16, int8, int4; each makes a folder. hf has fp32 and bf16. Default: bf16.",
        DefaultValueFactory = _ => "bf16",
    };

    private readonly Option<string> _output = new("--output") { Description = "The folder in which a folder for each of them is made.", Required = true };

    private readonly Option<string?> _evaluate = new("--evaluate")
    {
        Description = "A text file: measures on it what each form costs against the student's own weights (cross-entropy, KL, same most probable token).",
    };

    private readonly Option<int> _tokens = new("--tokens")
    {
        Description = $"Number of tokens that --evaluate reads at most. Default: {DefaultTokens}.", DefaultValueFactory = _ => DefaultTokens,
    };

    internal static Command Create(CommandContext context)
    {
        var own = new ExportCommand();
        own._tokens.Require<int>(tokens => tokens >= 2, "2 or more");
        own._to.CompletionSources.Add("hf", "onnx", "genai", "hf,onnx");
        own._weights.CompletionSources.Add("fp32", "bf16", "int8", "int4");
        var command = new Command("export", "Write a student for Hugging Face's transformers, for ONNX Runtime and for ONNX Runtime GenAI.")
        {
            own._student, own._to, own._weights, own._output, own._evaluate, own._tokens,
        };
        command.SetAction((parsed, cancel) => own.RunAsync(context, parsed, cancel));
        return command;
    }

    private async Task<int> RunAsync(CommandContext context, ParseResult parsed, CancellationToken cancel)
    {
        var parts = ExportPart.Parse(parsed.GetRequiredValue(_to), parsed.GetRequiredValue(_weights));
        var (student, output) = (await StudentArgument.FolderAsync(context, parsed.GetRequiredValue(_student), cancel), parsed.GetRequiredValue(_output));
        var (export, text) = (new StudentExport(student, output, parts), parsed.GetValue(_evaluate));
        export.Check(Machine.FreeBytes, isMeasured: text is not null);
        var measure = text is null ? null : new QualityMeasure(student, text, parsed.GetValue(_tokens), RowLength, cancel);
        var qualities = new Dictionary<WeightForm, FormQuality>();
        foreach (var form in parts.Select(part => part.Form).Distinct().Where(_ => measure is not null))
        {
            qualities[form] = measure!.Measure(form, output, cancel);
        }

        foreach (var part in parts)
        {
            cancel.ThrowIfCancellationRequested();
            var quality = qualities.GetValueOrDefault(part.Form);
            var (folder, bytes) = export.Write(part, quality);
            Console.WriteLine($"{ByteSize.Of(bytes),10}  {folder}{(quality is null ? "" : $"  {Line(quality)}")}");
        }

        return ExitCode.Success;
    }

    private static string Line(FormQuality quality) => FormattableString.Invariant(
        $"cross-entropy {quality.Rounded:F4} ({quality.Cost:+0.00%;-0.00%} of {quality.Exact:F4}), KL {quality.Kl:F5}, same top token {quality.Agreement:P2}");
}
