namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Every field of a specification, and which ids it determines.</summary>
internal static class Determinants
{
    /// <summary>The specification in which one field at a time is changed.</summary>
    internal const string Base = """
        {
          "name": "a", "teacher": { "path": "teacher", "mode": "online" },
          "dataset": { "sources": ["some.data"], "format": "jsonl", "contextLength": 64 },
          "student": {}, "distillation": { "alpha": { "from": 0.5, "to": 0.5 }, "temperature": { "from": 2, "to": 1 }, "alignment": {} },
          "training": { "gradientAccumulation": 2 }, "evaluation": { "recall": {} }, "export": { "weights": ["int4"] }, "compute": {}
        }
        """;

    /// <summary>For each field, a value that differs from <see cref="Base"/>, and which id it changes: a new dataset also changes the outputs, new outputs
    /// the weights.</summary>
    internal static readonly (string Field, string Value, Renamed Renamed)[] Changes =
    [
        ("$schema", "'x'", Renamed.Nothing),
        ("name", "'b'", Renamed.Nothing),
        ("seed", "2", Renamed.Weights),
        ("teacher.path", "'copy'", Renamed.Nothing),
        ("teacher.path", "'other-weights'", Renamed.Outputs),
        ("teacher.path", "'other-config'", Renamed.Outputs),
        ("teacher.path", "'other-tokenizer'", Renamed.Dataset),
        ("teacher.path", "'end-of-text'", Renamed.Dataset),
        ("teacher.path", "'other-end-of-text'", Renamed.Dataset),
        ("teacher.path", "'unknown-end-of-text'", Renamed.Nothing),
        ("teacher.path", "'begins'", Renamed.Dataset),
        ("teacher.mode", "'offline'", Renamed.Nothing),
        ("teacher.keep.topP", "0.5", Renamed.Outputs),
        ("teacher.keep.maxTokens", "5", Renamed.Outputs),
        ("teacher.keep.tailDraws", "0", Renamed.Nothing),
        ("teacher.keep.tailDraws", "5", Renamed.Outputs),
        ("teacher.keep.highestTemperature", "1.5", Renamed.Nothing), // the schedule's is higher
        ("teacher.keep.highestTemperature", "3", Renamed.Outputs),
        ("teacher.keep.hiddenStates", "true", Renamed.Nothing), // this student needs them
        ("teacher.keep.hiddenForm", "'fp16'", Renamed.Nothing),
        ("teacher.keep.hiddenForm", "'int4'", Renamed.Outputs),
        ("dataset.sources", "['copy.data']", Renamed.Nothing),
        ("dataset.sources", "['other.data']", Renamed.Dataset),
        ("dataset.sources", "['copy.data.gz']", Renamed.Dataset),
        ("dataset.evalSources", "['held.jsonl']", Renamed.Dataset),
        ("dataset.format", "'text'", Renamed.Dataset),
        ("dataset.textField", "'body'", Renamed.Dataset),
        ("dataset.chat", "{}", Renamed.Dataset),
        ("dataset.chat.form", "'completion'", Renamed.Dataset),
        ("dataset.chat.field", "'dialog'", Renamed.Dataset),
        ("dataset.chat.train", "'all'", Renamed.Dataset),
        ("dataset.chat.packing", "'none'", Renamed.Dataset),
        ("dataset.documentSeparator", "''", Renamed.Dataset),
        ("dataset.documentSeparator", "'\\n\\n'", Renamed.Dataset),
        ("dataset.documentSeparator", "'\\n'", Renamed.Nothing),
        ("dataset.isolateDocuments", "true", Renamed.Dataset),
        ("dataset.isolateDocuments", "false", Renamed.Nothing),
        ("dataset.contextLength", "32", Renamed.Dataset),
        ("dataset.shardTokens", "100", Renamed.Dataset),
        ("dataset.evalFraction", "0.25", Renamed.Dataset),
        ("dataset.maxTokens", "300", Renamed.Dataset),
        ("student.kind", "'linearised'", Renamed.Weights),
        ("student.blocks", "5", Renamed.Weights),
        ("student.slstmAt", "[1]", Renamed.Weights),
        ("student.heads", "8", Renamed.Weights),
        ("student.convKernel", "3", Renamed.Weights),
        ("student.qkvBlockSize", "16", Renamed.Weights),
        ("student.projFactor", "3", Renamed.Weights),
        ("student.ffnProjFactor", "3", Renamed.Weights),
        ("distillation.alpha.from", "0.75", Renamed.Weights),
        ("distillation.alpha.to", "0.25", Renamed.Weights),
        ("distillation.alpha.delta", "0.25", Renamed.Weights),
        ("distillation.alpha.decay", "'relative'", Renamed.Weights),
        ("distillation.temperature.from", "3", Renamed.Outputs),
        ("distillation.temperature.to", "0.5", Renamed.Outputs),
        ("distillation.temperature.delta", "0.25", Renamed.Weights),
        ("distillation.temperature.decay", "'relative'", Renamed.Weights),
        ("distillation.divergence.kind", "'forwardKl'", Renamed.Nothing),
        ("distillation.divergence.kind", "'reverseKl'", Renamed.Weights),
        ("distillation.divergence.kind", "'totalVariation'", Renamed.Weights),
        ("distillation.alignment.kind", "'cosine'", Renamed.Weights),
        ("distillation.alignment.kind", "'none'", Renamed.Outputs),
        ("distillation.alignment.reduction", "'ratio'", Renamed.Weights),
        ("distillation.alignment.weight", "0.25", Renamed.Weights),
        ("distillation.alignment.weight", "0", Renamed.Outputs),
        ("training.epochs", "3", Renamed.Weights),
        ("training.batchSize", "3", Renamed.Weights),
        ("training.gradientAccumulation", "3", Renamed.Weights),
        ("training.learningRate", "0.5", Renamed.Weights),
        ("training.warmupRatio", "0.5", Renamed.Weights),
        ("training.weightDecay", "0.5", Renamed.Weights),
        ("training.gradientClip", "0.5", Renamed.Weights),
        ("training.precision", "'bf16'", Renamed.Outputs),
        ("training.checkpointEverySteps", "3", Renamed.Nothing),
        ("evaluation.maxRows", "3", Renamed.Nothing),
        ("evaluation.baseline", "true", Renamed.Nothing),
        ("evaluation.control", "true", Renamed.Nothing),
        ("evaluation.prompts", "['x']", Renamed.Nothing),
        ("evaluation.sampleTokens", "3", Renamed.Nothing),
        ("evaluation.decodeContexts", "[3]", Renamed.Nothing),
        ("evaluation.tasks", "[{ 'name': 't', 'path': 'task.jsonl' }]", Renamed.Nothing),
        ("evaluation.tolerance", "0.5", Renamed.Nothing),
        ("evaluation.recall.lengths", "[8]", Renamed.Nothing),
        ("evaluation.recall.sequences", "3", Renamed.Nothing),
        ("training.quantize", "'int4'", Renamed.Weights),
        ("export.dtype", "'bf16'", Renamed.Nothing),
        ("export.to", "['onnx']", Renamed.Nothing),
        ("export.weights", "['int8', 'int4']", Renamed.Nothing),
        ("compute.teachParallelism", "3", Renamed.Nothing),
        ("compute.retries", "5", Renamed.Nothing),
        ("compute.gpusPerWorker", "2", Renamed.Nothing),
        ("compute.shardOptimizerFrom", "3", Renamed.Nothing),
        ("compute.device", "'cuda'", Renamed.Nothing),
    ];

    /// <summary>Fields that only some divergences have, with their defaults: other values give other weights.</summary>
    internal static readonly (string Kind, string Field, string Default)[] DivergenceChanges =
        [("jensenShannon", "beta", "0.5"), ("skewKl", "skew", "0.1"), ("skewReverseKl", "skew", "0.1")];

    /// <summary>The same for the fields of a linearised student: all determine its weights.</summary>
    internal static readonly (string Field, string Value)[] LinearisedChanges =
    [
        ("student.window", "5"), ("student.sinks", "3"), ("student.featureMap", "'both'"), ("student.outputGate", "false"), ("student.gates.memory", "0.5"),
        ("student.gates.forgetFrom", "1"), ("student.gates.forgetTo", "1"), ("student.gates.output", "1"), ("student.keepAttention", "[1]"),
        ("student.trainEmbedding", "true"), ("training.stages.alignment.share", "0.5"), ("training.stages.alignment.learningRate", "0.5"),
        ("training.stages.alignment.memoryWeight", "0.25"), ("training.stages.distillation.inheritedRate", "0.5"),
        ("training.stages.distillation.newRate", "0.5"), ("training.stages.distillation.endRate", "0.5"),
        ("training.stages.distillation.windowDropout", "0.5"),
    ];

    /// <summary>Fields of a served teacher, which contradict others of <see cref="Base"/>: EndpointChecksTests.</summary>
    internal static readonly string[] EndpointFields =
        ["teacher.endpoint.url", "teacher.endpoint.model", "teacher.endpoint.api", "teacher.endpoint.parallelRequests"];
}

/// <summary>The first of the ids that a changed field changes: a new dataset also changes the outputs, new outputs the weights.</summary>
internal enum Renamed
{
    Dataset,
    Outputs,
    Weights,
    Nothing,
}
