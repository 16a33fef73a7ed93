using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Distil.Core.Runs;

/// <summary>What a user asks for: one distillation run.</summary>
/// <remarks>Read from JSON by <see cref="RunSpecReader"/>, which rejects unknown fields. The attributes are the ranges: the reader finds them by reflection.
/// On a list they hold for each element, <see cref="MinLengthAttribute"/> apart. After a change <c>./distil schema</c> writes the JSON Schema anew.</remarks>
public sealed record RunSpec
{
    /// <value>Where an editor finds the schema. Ignored.</value>
    [JsonPropertyName("$schema")]
    public string? Schema { get; init; }

    /// <value>Names the run: 1–40 of a–z, 0–9 and '-', starting with a letter or digit.</value>
    [RegularExpression("[a-z0-9][a-z0-9-]{0,39}", ErrorMessage = "1–40 of a–z, 0–9 and '-', starting with a letter or digit")]
    public required string Name { get; init; }

    /// <value>Seeds weights, row order and samples. ≥ 0, default 1.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int Seed { get; init; } = 1;

    /// <value>The Transformer to distil.</value>
    public required TeacherSpec Teacher { get; init; }

    /// <value>The text to distil on.</value>
    public required DatasetSpec Dataset { get; init; }

    /// <value>The xLSTM to train. Default: the paper's shape.</value>
    public StudentSpec Student { get; init; } = new();

    /// <value>Δ-distillation's weights and schedules. Default: the paper's.</value>
    public DistillationSpec Distillation { get; init; } = new();

    /// <value>Optimiser and loop. Default: the paper's.</value>
    public TrainingSpec Training { get; init; } = new();

    /// <value>What is measured after each epoch and at the end.</value>
    public EvaluationSpec Evaluation { get; init; } = new();

    /// <value>Where and how widely it runs.</value>
    public ComputeSpec Compute { get; init; } = new();
}

/// <summary>The teacher and what is kept of its outputs.</summary>
public sealed record TeacherSpec
{
    /// <value>A Hugging Face folder (config.json, safetensors, tokenizer.json): local, <c>hf://owner/name[@revision][/folder]</c> or <c>https://…</c>.</value>
    [MinLength(1)]
    public required string Path { get; init; }

    /// <value>Offline stores the outputs once and trains from them; online runs the teacher in each step. Default offline.</value>
    public TeacherMode Mode { get; init; } = TeacherMode.Offline;

    /// <value>How much of each distribution is stored.</value>
    public KeepSpec Keep { get; init; } = new();
}

/// <summary>When the teacher runs.</summary>
public enum TeacherMode
{
    /// <summary>Once, before training; its sparse outputs are stored.</summary>
    Offline,

    /// <summary>Inside every training step; nothing is stored.</summary>
    Online,
}

/// <summary>The nucleus of the teacher's distribution that is stored for each position.</summary>
public sealed record KeepSpec
{
    /// <value>Probability mass that the kept tokens reach. Above 0, at most 1; default 0.99.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double TopP { get; init; } = 0.99;

    /// <value>Most tokens kept for one position, ≥ 1. Default 128.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int MaxTokens { get; init; } = 128;
}

/// <summary>The text and how it becomes rows of tokens.</summary>
public sealed record DatasetSpec
{
    /// <value>Files, folders or globs to train on: local, <c>hf://datasets/owner/name[@revision][/path]</c> or <c>https://…</c>.</value>
    [MinLength(1)]
    public required IReadOnlyList<string> Sources { get; init; }

    /// <value>Files held out for evaluation. Empty (default): a share of the documents is held out, see <see cref="EvalFraction"/>.</value>
    public IReadOnlyList<string> EvalSources { get; init; } = [];

    /// <value>Text (a document a line), jsonl ({"text"} or {"ids"} a line), parquet (a document a row); text and jsonl plain, .gz or .zst. Default text.</value>
    public DatasetFormat Format { get; init; } = DatasetFormat.Text;

    /// <value>The JSONL field or Parquet column that holds a document. Default "text".</value>
    [MinLength(1)]
    public string TextField { get; init; } = "text";

    /// <value>Tokens in a row, ≥ 8. Default 512, the paper's.</value>
    [Range(8.0, double.PositiveInfinity)]
    public int ContextLength { get; init; } = 512;

    /// <value>Aimed-at tokens in a shard (a shard is one prepare job and one teach job). Default 16,777,216.</value>
    [Range(8.0, double.PositiveInfinity)]
    public long ShardTokens { get; init; } = 16_777_216;

    /// <value>Share of documents held out for evaluation when there are no evalSources. 0–0.5, default 0.01.</value>
    [Range(0.0, 0.5)]
    public double EvalFraction { get; init; } = 0.01;

    /// <value>Stop after this many training tokens. Default: none.</value>
    [Range(1.0, double.PositiveInfinity)]
    public long? MaxTokens { get; init; }
}

/// <summary>How documents stand in a source.</summary>
public enum DatasetFormat
{
    /// <summary>UTF-8, a document a line.</summary>
    Text,

    /// <summary>A JSON object a line.</summary>
    Jsonl,

    /// <summary>A row a document, in one column; row groups are read one at a time.</summary>
    Parquet,
}

/// <summary>The student's shape. Width, vocabulary, embedding and head are the teacher's.</summary>
public sealed record StudentSpec
{
    /// <value>Blocks, ≥ 1. Default 6, the paper's.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int Blocks { get; init; } = 6;

    /// <value>Indices of the sLSTM blocks; the others are mLSTM. Default: every second block from 0 (the paper's 0, 2, 4).</value>
    [Range(0.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? SlstmAt { get; init; }

    /// <value>Heads; must divide the width. Default: the teacher's, rounded up to a multiple of 4.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int? Heads { get; init; }

    /// <value>Width of the causal convolution, ≥ 1. Default 4.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int ConvKernel { get; init; } = 4;

    /// <value>Block size of the mLSTM's headwise q, k, v, ≥ 1. Default 32, as the authors' published configuration.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int QkvBlockSize { get; init; } = 32;

    /// <value>mLSTM's inner width over the model width, &gt; 0. Default 2.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double ProjFactor { get; init; } = 2.0;

    /// <value>Width of the sLSTM block's feed-forward over the model width, &gt; 0. Default 1.7, the authors' code's.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double FfnProjFactor { get; init; } = 1.7;
}

/// <summary>L = (1 − α − β)·CE + α·T²·KL + β·alignment (Distil-xLSTM, arXiv 2503.18565).</summary>
public sealed record DistillationSpec
{
    /// <value>Weight of KL. Default 0.8 → 0.5, the paper's.</value>
    public ScheduleSpec Alpha { get; init; } = new() { From = 0.8, To = 0.5 };

    /// <value>Temperature of KL. Default 2 → 1, the paper's.</value>
    public ScheduleSpec Temperature { get; init; } = new() { From = 2.0, To = 1.0 };

    /// <value>Alignment of the hidden states. Default Frobenius with weight 0.1, the paper's.</value>
    public AlignmentSpec Alignment { get; init; } = new();
}

/// <summary>A value that falls logarithmically inside an epoch and stepwise between epochs.</summary>
public sealed record ScheduleSpec
{
    /// <value>Value at the first step of the first epoch; ≥ <see cref="To"/>.</value>
    [Range(0.0, double.PositiveInfinity)]
    public required double From { get; init; }

    /// <value>Value approached and never passed; ≥ 0.</value>
    [Range(0.0, double.PositiveInfinity)]
    public required double To { get; init; }

    /// <value>What an epoch takes off the starting value. Default 0.05, the paper's.</value>
    [Range(0.0, double.PositiveInfinity)]
    public double Delta { get; init; } = 0.05;

    /// <value>Whether Delta is an amount (the paper's, default) or a share (the authors' code's).</value>
    public EpochDecay Decay { get; init; } = EpochDecay.Constant;
}

/// <summary>What an epoch's end takes off a schedule's starting value.</summary>
public enum EpochDecay
{
    /// <summary>v₀ ← max(v₀ − Δ, to): the paper's rule.</summary>
    Constant,

    /// <summary>v₀ ← max(v₀ − Δ·v₀, to): the authors' code's rule.</summary>
    Relative,
}

/// <summary>The third term of the loss.</summary>
public sealed record AlignmentSpec
{
    /// <value>Default Frobenius.</value>
    public AlignmentKind Kind { get; init; } = AlignmentKind.Frobenius;

    /// <value>How Frobenius is reduced. Default the paper's; the others need the online teacher.</value>
    public FrobeniusReduction Reduction { get; init; } = FrobeniusReduction.Paper;

    /// <value>β, 0–1. Default 0.1, the paper's.</value>
    [Range(0.0, 1.0)]
    public double Weight { get; init; } = 0.1;
}

/// <summary>How student and teacher hidden states are compared.</summary>
public enum AlignmentKind
{
    /// <summary>Not at all; β counts as 0.</summary>
    None,

    /// <summary>By a Frobenius norm.</summary>
    Frobenius,

    /// <summary>By cosine distance.</summary>
    Cosine,
}

/// <summary>The Frobenius term's reductions in the paper and the authors' code.</summary>
public enum FrobeniusReduction
{
    /// <summary>Mean over the batch of ‖·‖_F, divided by √(B·S·D).</summary>
    Paper,

    /// <summary>The authors' <c>average</c>.</summary>
    Average,

    /// <summary>The authors' <c>ratio</c>.</summary>
    Ratio,

    /// <summary>The authors' <c>block_wise</c>: each student block against a group of teacher layers.</summary>
    BlockWise,
}

/// <summary>Optimiser and loop.</summary>
public sealed record TrainingSpec
{
    /// <value>Passes over the rows, ≥ 1. Default 10, the paper's.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int Epochs { get; init; } = 10;

    /// <value>Rows in a micro-batch, ≥ 1. Default 8.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int BatchSize { get; init; } = 8;

    /// <value>Micro-batches to an optimiser step, ≥ 1. Default 1.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int GradientAccumulation { get; init; } = 1;

    /// <value>AdamW's peak learning rate, &gt; 0. Default 2e-4, the paper's.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 2e-4;

    /// <value>Share of all steps that warm up linearly before the cosine, 0–1. Default 0.1, the paper's.</value>
    [Range(0.0, 1.0)]
    public double WarmupRatio { get; init; } = 0.1;

    /// <value>AdamW's decoupled weight decay, ≥ 0. Default 0.01, PyTorch's (the paper names none).</value>
    [Range(0.0, double.PositiveInfinity)]
    public double WeightDecay { get; init; } = 0.01;

    /// <value>Largest global gradient norm, &gt; 0. Default 1, the paper's.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double GradientClip { get; init; } = 1.0;

    /// <value>Arithmetic of the model. Default fp32.</value>
    public Precision Precision { get; init; } = Precision.Fp32;

    /// <value>Optimiser steps between checkpoints inside an epoch, ≥ 1; one is always written at an epoch's end. Default 500.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int CheckpointEverySteps { get; init; } = 500;
}

/// <summary>Arithmetic of the model's forward and backward passes; weights and optimiser state stay fp32.</summary>
public enum Precision
{
    /// <summary>32-bit floating point.</summary>
    Fp32,

    /// <summary>bfloat16 on a GPU that has it.</summary>
    Bf16,
}

/// <summary>What is measured.</summary>
public sealed record EvaluationSpec
{
    /// <value>Most eval rows read by an evaluation, ≥ 1. Default 512.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int MaxRows { get; init; } = 512;

    /// <value>Also train the same student for the same steps without the teacher, to compare with. Default false (it doubles training).</value>
    public bool Baseline { get; init; }

    /// <value>Beginnings that the final report continues with each model. Default: taken from the eval split.</value>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <value>Tokens to continue a prompt with, ≥ 0. Default 80.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int SampleTokens { get; init; } = 80;

    /// <value>Context lengths at which decoding speed and state size are measured. Default: a quarter of, once and four times the dataset's
    /// contextLength.</value>
    [Range(1.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? DecodeContexts { get; init; }

    /// <value>Multiple-choice tasks that student and teacher answer after the last epoch. Default: none.</value>
    public IReadOnlyList<TaskSpec> Tasks { get; init; } = [];

    /// <value>How far below its teacher a student may score and still be as good, as a share of the teacher's score. 0–1, default 0.05.</value>
    [Range(0.0, 1.0)]
    public double Tolerance { get; init; } = 0.05;

    /// <value>Recall and copying of random tokens at growing lengths, after the last epoch: what a recurrent student loses first.</value>
    public RecallSpec Recall { get; init; } = new();
}

/// <summary>Associative recall and copying: sequences of random tokens that no text holds, at growing lengths.</summary>
public sealed record RecallSpec
{
    /// <value>Tokens of a sequence, each ≥ 8; an empty list measures nothing. Default: 16, 32, 64 and so on up to the dataset's contextLength.</value>
    [Range(8.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? Lengths { get; init; }

    /// <value>Sequences of each length, ≥ 2. Default 32.</value>
    [Range(2.0, double.PositiveInfinity)]
    public int Sequences { get; init; } = 32;
}

/// <summary>A multiple-choice task: each choice is scored by its log-likelihood after the question.</summary>
public sealed record TaskSpec
{
    /// <value>Names the task in reports: 1–40 of a–z, A–Z, 0–9, '-', '_' and '.'; each name once.</value>
    [RegularExpression("[A-Za-z0-9_.-]{1,40}", ErrorMessage = "1–40 of a–z, A–Z, 0–9, '-', '_' and '.'")]
    public required string Name { get; init; }

    /// <value>A JSONL file, a question a line.</value>
    [MinLength(1)]
    public required string Path { get; init; }

    /// <value>How a question stands in a line. Default auto: by the names of its fields.</value>
    public TaskFormat Format { get; init; } = TaskFormat.Auto;

    /// <value>Questions with their answers put before each question, ≥ 0. Default 0.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int Shots { get; init; }

    /// <value>A JSONL file whose first questions are these. Default: the task's own, the question itself left out.</value>
    [MinLength(1)]
    public string? ShotsPath { get; init; }

    /// <value>Most questions asked, the first ones, ≥ 1. Default: all.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int? MaxQuestions { get; init; }
}

/// <summary>The fields of a task's lines.</summary>
public enum TaskFormat
{
    /// <summary>By the names of the fields, line by line.</summary>
    Auto,

    /// <summary>{question, choices, answer}: the answer is an index from 0, or the choice itself.</summary>
    Plain,

    /// <summary>{activity_label, ctx_a, ctx_b, endings, label}.</summary>
    Hellaswag,

    /// <summary>{question, choices {text, label}, answerKey}.</summary>
    Arc,

    /// <summary>{goal, sol1, sol2, label}.</summary>
    Piqa,
}

/// <summary>Where and how widely it runs.</summary>
public sealed record ComputeSpec
{
    /// <value>Most prepare or teach jobs at once, ≥ 1. Default 1.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int TeachParallelism { get; init; } = 1;

    /// <value>Times that a job is tried again after a failure that may pass, ≥ 0. Default 3.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int Retries { get; init; } = 3;

    /// <value>auto (CUDA where present), cpu or cuda. Default auto.</value>
    public ComputeDevice Device { get; init; } = ComputeDevice.Auto;
}

/// <summary>The processor that torch uses.</summary>
public enum ComputeDevice
{
    /// <summary>CUDA where present, else the CPU.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>A CUDA GPU; an error where there is none.</summary>
    Cuda,
}
