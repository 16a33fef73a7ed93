using System.Text.Json.Nodes;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;
using static Distil.Core.ContentAddress;

namespace Distil.Core.Runs.Planning;

/// <summary>Computes the identities of a dataset, of teacher outputs and of a student's weights from what determines them, written out by name.</summary>
/// <remarks>Stored artifacts are found by these ids: if a name or value changes here, they are lost. A new field goes to the end, and only if it is
/// set.</remarks>
public static class Identities
{
    /// <summary>The content address of a dataset: 32 hexadecimal digits.</summary>
    /// <param name="dataset">How text becomes rows.</param>
    /// <param name="shards">The ranges of text.</param>
    /// <param name="contents">The identity of each file's content, by its path.</param>
    /// <param name="tokenizer">The identity of the tokenizer; null if it is not known.</param>
    /// <param name="endOfText">The token that ends a document, if tokenizer_config.json determines it; null if tokenizer.json does.</param>
    /// <param name="template">The identities of the files of the chat template; null if they are not known. Only chats depend on them.</param>
    /// <param name="beginning">The token with which rows and documents of text begin; null if there is none. A chat template writes its own.</param>
    public static string Dataset(
        DatasetSpec dataset, IReadOnlyList<ShardSource> shards, IReadOnlyDictionary<string, string> contents, string? tokenizer, int? endOfText = null,
        IReadOnlyList<string>? template = null, int? beginning = null)
    {
        return Of(Object(
            ("version", 2),
            ("shards", List(shards, shard => Object(
                ("maxTokens", shard.MaxTokens),
                ("ranges", List(shard.Ranges, Range)),
                ("evalRanges", List(shard.EvalRanges, Range))))),
            ("tokenizer", tokenizer),
            ("format", Word(dataset.Format)),
            ("textField", dataset.Format == DatasetFormat.Text || dataset.Chat is not null ? null : dataset.TextField),
            ("contextLength", dataset.ContextLength),
            ("evalFraction", dataset.EvalSources.Count > 0 ? 0 : dataset.EvalFraction),
            ("documentSeparator", dataset.HasLines ? null : dataset.DocumentSeparator),
            ("endOfText", endOfText),
            ("chat", dataset.Chat is { } chat ? Chat(chat, template) : null),
            ("beginning", dataset.Chat is null ? beginning : null), ("isolateDocuments", dataset.IsolateDocuments ? true : null)));

        JsonNode Range(SourceRange range) => Object(
            ("holds", contents[range.Path]),
            ("start", range.Start), ("end", range.End),
            ("compression", Word(SourceName.CompressionOf(range.Path))));
    }

    /// <summary>The content address of a teacher's outputs: 32 hexadecimal digits.</summary>
    /// <param name="spec">The specification: what is stored, and for which temperatures.</param>
    /// <param name="datasetId">The id of the rows.</param>
    /// <param name="teacher">The identities of the teacher's configuration and weights; null if they are not known.</param>
    public static string TeacherOutputs(RunSpec spec, string datasetId, IReadOnlyList<string>? teacher) => Of(Object(
        ("version", 1),
        ("datasetId", datasetId),
        ("teacher", teacher is null ? null : List(teacher, content => content)),
        ("keep", Object(("topP", spec.Teacher.Keep.TopP), ("maxTokens", spec.Teacher.Keep.MaxTokens),
            ("tailDraws", spec.Teacher.Keep.TailDraws == 0 ? null : spec.Teacher.Keep.TailDraws))),
        ("temperatureFrom", spec.HighestTemperature), // the tail is stored at nodes between these two
        ("temperatureTo", spec.Distillation.Temperature.To),
        ("hiddenStates", spec.StoresHiddenStates),
        ("hiddenBits", spec.StoresHiddenStates && spec.Teacher.Keep.HiddenForm.Bits is var bits and not 16 ? bits : null), // those of the first versions
        ("precision", Word(spec.Training.Precision)),
        ("endpointModel", spec.Teacher.Endpoint?.Model)));

    /// <summary>The hash of everything that determines a student's weights at a position of training: 64 hexadecimal digits.</summary>
    /// <param name="spec">The specification: seed, loss and training; the frequency of checkpoints has no effect.</param>
    /// <param name="student">The shape of a student of kind xlstm; null for another.</param>
    /// <param name="linearised">The shape of a linearised student; null for another.</param>
    /// <param name="datasetId">The id of the rows.</param>
    /// <param name="teacherOutputsId">The id of the teacher's outputs for them.</param>
    /// <param name="variant">The student.</param>
    public static string Weights(
        RunSpec spec, StudentShape? student, LinearisedShape? linearised, string datasetId, string teacherOutputsId, StudentVariant variant) => HashOf(Object(
        ("seed", spec.Seed),
        ("datasetId", datasetId),
        ("teacherOutputsId", teacherOutputsId),
        ("student", linearised is null ? Student(student!) : LinearisedIdentity.Student(linearised, spec.Student)),
        ("distillation", Distillation(spec.Distillation)),
        ("training", Training(spec.Training)),
        ("variant",
            variant switch { StudentVariant.Distilled => "distilled", StudentVariant.WithoutTeacher => "withoutTeacher", StudentVariant.TeacherOnText => "teacherOnText",
            StudentVariant.TeacherOnLoss => "teacherOnLoss", _ => throw Unknown(variant) }),
        ("stages", spec.Training.Stages is { } stages ? LinearisedIdentity.Stages(stages) : null),
        ("quantize", spec.Training.Quantize?.Form.Word)));

    /// <summary>The hash of everything that determines a merged student's weights: 64 hexadecimal digits.</summary>
    /// <param name="experts">The students, in the order of the sum, which rounding depends on.</param>
    public static string Merged(IReadOnlyList<Expert> experts) => HashOf(Object(
        ("merge", List(experts, expert => Object(("weights", expert.Identity), ("share", expert.Share))))));

    /// <summary>The shape of a student of kind xlstm.</summary>
    internal static JsonObject Student(StudentShape student) => Object(
        ("width", student.Width),
        ("vocabularySize", student.VocabularySize),
        ("blocks", student.Blocks),
        ("slstmAt", List(student.SlstmAt, block => block)),
        ("heads", student.Heads),
        ("convKernel", student.ConvKernel),
        ("qkvBlockSize", student.QkvBlockSize),
        ("innerWidth", student.InnerWidth),
        ("feedForwardWidth", student.FeedForwardWidth));

    private static JsonObject Distillation(DistillationSpec distillation) => Object(
        ("alpha", Schedule(distillation.Alpha)),
        ("temperature", Schedule(distillation.Temperature)),
        ("alignment", Object(
            ("kind", Word(distillation.Alignment.Kind)),
            ("reduction", Word(distillation.Alignment.Reduction)),
            ("weight", distillation.Alignment.Weight))),
        ("divergence", Divergence(distillation.Divergence)));

    /// <summary>Null for forward KL, the only divergence of the first versions.</summary>
    private static JsonObject? Divergence(DivergenceSpec divergence) => divergence.Kind switch
    {
        DivergenceKind.ForwardKl => null,
        DivergenceKind.ReverseKl => Object(("kind", "reverseKl")),
        DivergenceKind.JensenShannon => Object(("kind", "jensenShannon"), ("beta", divergence.EffectiveBeta)),
        DivergenceKind.SkewKl => Object(("kind", "skewKl"), ("skew", divergence.EffectiveSkew)),
        DivergenceKind.SkewReverseKl => Object(("kind", "skewReverseKl"), ("skew", divergence.EffectiveSkew)),
        DivergenceKind.TotalVariation => Object(("kind", "totalVariation")),
        _ => throw Unknown(divergence.Kind),
    };

    private static JsonObject Schedule(ScheduleSpec schedule) => Object(
        ("from", schedule.From),
        ("to", schedule.To),
        ("delta", schedule.Delta),
        ("decay", schedule.Decay switch { EpochDecay.Constant => "constant", EpochDecay.Relative => "relative", _ => throw Unknown(schedule.Decay) }));

    private static JsonObject Training(TrainingSpec training) => Object(
        ("epochs", training.Epochs),
        ("batchSize", training.BatchSize),
        ("gradientAccumulation", training.GradientAccumulation),
        ("learningRate", training.LearningRate),
        ("warmupRatio", training.WarmupRatio),
        ("weightDecay", training.WeightDecay),
        ("gradientClip", training.GradientClip),
        ("precision", Word(training.Precision)),
        ("checkpointEverySteps", 1)); // without effect on the weights, but part of the identity since the first version

    private static JsonObject Chat(ChatSpec chat, IReadOnlyList<string>? template) => Object(
        ("version", 1),
        ("form", chat.Form switch
        {
            ChatForm.Auto => "auto",
            ChatForm.Messages => "messages",
            ChatForm.Conversations => "conversations",
            ChatForm.Completion => "completion",
            ChatForm.Instruction => "instruction",
            _ => throw Unknown(chat.Form),
        }),
        ("field", chat.Field),
        ("train", chat.Train switch { TrainedTokens.Assistant => "assistant", TrainedTokens.All => "all", _ => throw Unknown(chat.Train) }),
        ("packing", chat.Packing switch { ChatPacking.Whole => "whole", ChatPacking.None => "none", _ => throw Unknown(chat.Packing) }),
        ("template", template is null ? null : List(template, content => content)));

    private static string Word(DatasetFormat format) => format switch
    {
        DatasetFormat.Text => "text",
        DatasetFormat.Jsonl => "jsonl",
        DatasetFormat.Parquet => "parquet",
        _ => throw Unknown(format),
    };

    private static string Word(Compression compression) => compression switch
    {
        Compression.None => "none",
        Compression.Gzip => "gzip",
        Compression.Zstd => "zstd",
        _ => throw Unknown(compression),
    };

    private static string Word(Precision precision) => precision switch
    {
        Precision.Fp32 => "fp32",
        Precision.Bf16 => "bf16",
        _ => throw Unknown(precision),
    };

    private static string Word(AlignmentKind kind) => kind switch
    {
        AlignmentKind.None => "none",
        AlignmentKind.Frobenius => "frobenius",
        AlignmentKind.Cosine => "cosine",
        _ => throw Unknown(kind),
    };

    private static string Word(FrobeniusReduction reduction) => reduction switch
    {
        FrobeniusReduction.Paper => "paper",
        FrobeniusReduction.Average => "average",
        FrobeniusReduction.Ratio => "ratio",
        FrobeniusReduction.BlockWise => "blockWise",
        _ => throw Unknown(reduction),
    };

    private static ArgumentOutOfRangeException Unknown<T>(T value) => new(nameof(value), value, "has no name in an identity");
}
