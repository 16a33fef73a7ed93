using System.Globalization;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>Finds fields that are each in range but contradict one another.</summary>
internal static class CrossChecks
{
    public static IEnumerable<FieldError> Find(RunSpec spec) =>
    [
        .. Schedules(spec), .. Divergence(spec.Distillation.Divergence), .. Student(spec), .. LinearisedChecks.Find(spec), .. MergeChecks.Find(spec), .. EndpointChecks.Find(spec),
        .. Data(spec), .. IsolationChecks.Find(spec), .. Tasks(spec), .. Machine(spec), .. Gpus(spec), .. Export(spec),
        .. ImpossiblePaths(spec), .. Secrets(spec),
    ];

    private static IEnumerable<FieldError> Schedules(RunSpec spec)
    {
        var (alpha, temperature, alignment) = (spec.Distillation.Alpha, spec.Distillation.Temperature, spec.Distillation.Alignment);
        foreach (var (name, schedule) in new[] { ("alpha", alpha), ("temperature", temperature) })
        {
            if (schedule.From < schedule.To)
            {
                yield return Error($"distillation.{name}.from", $"is {Show(schedule.From)}; expected at least {name}.to, {Show(schedule.To)}");
            }

            if (schedule.Decay == EpochDecay.Relative && schedule.Delta > 1)
            {
                yield return Error($"distillation.{name}.delta", $"is {Show(schedule.Delta)}; expected at most 1 where decay is relative");
            }
        }

        var beta = alignment.Kind == AlignmentKind.None ? 0 : alignment.Weight;
        if (alpha.From + beta > 1)
        {
            yield return Error("distillation.alpha.from",
                $"is {Show(alpha.From)} and alignment.weight {Show(beta)}; expected a sum of at most 1, so that cross-entropy keeps the rest");
        }

        if (temperature.To <= 0)
        {
            yield return Error("distillation.temperature.to", $"is {Show(temperature.To)}; expected > 0");
        }

        if (alignment is { Kind: AlignmentKind.Frobenius, Reduction: not FrobeniusReduction.Paper } && spec.Teacher.Mode == TeacherMode.Offline)
        {
            var reduction = DistilJson.Word(alignment.Reduction);
            yield return Error("distillation.alignment.reduction",
                $"is {reduction}, which needs each teacher layer; expected teacher.mode online, or reduction paper, which a stored mean is enough for");
        }
    }

    private static IEnumerable<FieldError> Divergence(DivergenceSpec divergence)
    {
        var kind = DistilJson.Word(divergence.Kind);
        if (divergence is { Beta: not null, Kind: not DivergenceKind.JensenShannon })
        {
            yield return Error("distillation.divergence.beta", $"is set and kind is {kind}, which has no β; expected kind jensenShannon");
        }

        if (divergence is { Skew: not null, Kind: not (DivergenceKind.SkewKl or DivergenceKind.SkewReverseKl) })
        {
            yield return Error("distillation.divergence.skew", $"is set and kind is {kind}, which has no skew; expected kind skewKl or skewReverseKl");
        }
    }

    private static IEnumerable<FieldError> Student(RunSpec spec)
    {
        var slstmAt = spec.Student.SlstmAt ?? [];
        for (var i = 0; i < slstmAt.Count; i++)
        {
            var at = FieldPath.Parse("student.slstmAt").Item(i);
            if (slstmAt[i] >= spec.Student.Blocks)
            {
                yield return FieldError.Of(at, $"is {slstmAt[i]}; expected an index below student.blocks, {spec.Student.Blocks}");
            }
            else if (slstmAt.Take(i).Contains(slstmAt[i]))
            {
                yield return FieldError.Of(at, $"is {slstmAt[i]}, which stands in the list already; expected each index once");
            }
        }
    }

    private static IEnumerable<FieldError> Data(RunSpec spec)
    {
        var dataset = spec.Dataset;
        if (dataset.ShardTokens < dataset.ContextLength)
        {
            yield return Error("dataset.shardTokens", $"is {dataset.ShardTokens}; expected at least dataset.contextLength, {dataset.ContextLength}");
        }

        if (dataset.MaxTokens < dataset.ContextLength)
        {
            yield return Error("dataset.maxTokens", $"is {dataset.MaxTokens}; expected at least dataset.contextLength, {dataset.ContextLength}");
        }

        if (dataset.DocumentSeparator != "\n" && dataset.Format != DatasetFormat.Text)
        {
            yield return Error("dataset.documentSeparator", "is set; expected dataset.format text, because a line of JSONL or a row of Parquet is a document");
        }

        if (dataset.Chat is { } chat)
        {
            if (dataset.Format == DatasetFormat.Text)
            {
                yield return Error("dataset.chat", "is set and dataset.format is text; expected dataset.format jsonl or parquet, whose rows have fields");
            }

            if (dataset.TextField != new DatasetSpec { Sources = [] }.TextField)
            {
                yield return Error("dataset.textField", $"is {dataset.TextField} and dataset.chat is set; expected dataset.chat.field, because a conversation has no text field");
            }

            if (chat is { Field: not null, Form: ChatForm.Completion or ChatForm.Instruction })
            {
                yield return Error("dataset.chat.field", $"is {chat.Field}; expected dataset.chat.form messages, conversations or auto, whose rows have a list of messages");
            }
        }

        if (dataset is { EvalFraction: 0, EvalSources.Count: 0 })
        {
            yield return Error("dataset.evalFraction", "is 0 and dataset.evalSources is empty; expected one of them, since evaluation needs held-out text");
        }
    }

    private static IEnumerable<FieldError> Tasks(RunSpec spec)
    {
        var names = spec.Evaluation.Tasks.Select(task => task.Name).ToList();
        for (var i = 0; i < names.Count; i++)
        {
            if (names.IndexOf(names[i]) < i)
            {
                var at = FieldPath.Parse("evaluation.tasks").Item(i).Field("name");
                yield return FieldError.Of(at, $"is {names[i]}, which an earlier task is called; expected each name once");
            }
        }
    }

    private static IEnumerable<FieldError> Machine(RunSpec spec)
    {
        if (spec is { Training.Precision: Precision.Bf16, Compute.Device: ComputeDevice.Cpu })
        {
            yield return Error("training.precision", "is bf16 and compute.device cpu; expected fp32 on a CPU");
        }
    }

    private static IEnumerable<FieldError> Gpus(RunSpec spec)
    {
        var gpus = spec.Compute.GpusPerWorker;
        if (gpus > 1 && spec.Compute.Device == ComputeDevice.Cpu)
        {
            yield return Error("compute.gpusPerWorker", $"is {gpus} and compute.device cpu; expected 1 on a CPU");
        }
        else if (gpus > spec.Training.GradientAccumulation && spec.Merge is null)
        {
            yield return Error("training.gradientAccumulation",
                $"is {spec.Training.GradientAccumulation} and compute.gpusPerWorker {gpus}; expected at least {gpus}, a micro-batch for each GPU "
                + "(for the same step, training.batchSize as many times smaller)");
        }
    }

    private static IEnumerable<FieldError> Export(RunSpec spec)
    {
        foreach (var target in (spec.Export.To ?? []).Where(target => ExportPart.Of([target], spec.Export.Weights ?? []).Count == 0))
        {
            var forms = Enum.GetValues<WeightForm>().Where(form => ExportPart.Has(target, form)).Select(form => form.Word);
            yield return Error("export.weights", $"has no form for export.to {DistilJson.Word(target)}; expected one or more of {string.Join(", ", forms)}");
        }

        if (spec.Student.KeepAttention.Count > 0 && spec.Export.To?.Contains(ExportTarget.Genai) == true)
        {
            yield return Error("export.to", "has genai, and student.keepAttention layers, whose state grows with the text; expected other targets, or no such layers");
        }
    }

    // An empty path would become the folder of the specification.
    private static IEnumerable<FieldError> ImpossiblePaths(RunSpec spec) => spec.Paths()
        .Where(each => string.IsNullOrWhiteSpace(each.Path) || each.Path.Contains('\0'))
        .Select(each => FieldError.Of(each.Field, $"is \"{each.Path.Replace("\0", "\\u0000", StringComparison.Ordinal)}\"; expected a path, hf://… or https://…"));

    /// <summary>A specification is stored with its run and displayed, so it must not contain a secret.</summary>
    private static IEnumerable<FieldError> Secrets(RunSpec spec)
    {
        return from each in spec.Paths()
            where UrlSecrets.Find(each.Path) is not null
            select FieldError.Of(
                each.Field,
                $"is {UrlSecrets.Without(each.Path)} with {UrlSecrets.Find(each.Path)}, which would be stored with the run and shown; expected the URL alone, "
                + $"and the right to read it from the machine's identity, "
                + $"or from the URL with its signature in the environment variable {SignedUrls.Variable}");
    }

    private static FieldError Error(string field, string fault) => FieldError.Of(FieldPath.Parse(field), fault);

    private static string Show(double number) => number.ToString(CultureInfo.InvariantCulture);
}
