using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Computes the figures of a plan from its tokens and shapes.</summary>
internal static class SizeEstimates
{
    /// <summary>Bits per kept token in addition to its id's gap, log2(V/K): the log-probability and the inefficiency of the codes.</summary>
    private const double BitsPerKeptToken = 8.5;

    /// <summary>Bits of a position's draws in addition to the drawn tokens'.</summary>
    private const double BitsOfDraws = 30;

    /// <summary>Bytes of a trained parameter in a checkpoint: the weight and two moments in fp32.</summary>
    internal const int CheckpointBytesPerParameter = 12;

    private const int BytesPerWeight = 4;

    /// <summary>Number of training tokens in an epoch.</summary>
    public static Figure Tokens(RunSpec spec, IReadOnlyList<ShardSource> shards)
    {
        var fromSources = shards.Any(shard => shard.Ranges.Count > 0);
        var tokens = shards.Sum(shard => shard.EstimatedTokens);
        return fromSources
            ? new Figure(tokens, "", TextDensity.Words + (spec.Dataset.MaxTokens is null ? "" : ", at most dataset.maxTokens"))
            : new Figure(tokens, "", "dataset.maxTokens; the sources are not read");
    }

    /// <summary>Number of training tokens in an epoch that count in the losses; null if the rows have no masks, or if nothing shows how many count.</summary>
    public static Figure? Labels(RunSpec spec, IReadOnlyList<ShardSource> shards, Figure tokens) => spec.Dataset.Chat switch
    {
        null => null,
        { Train: TrainedTokens.All } => new Figure(tokens.Value, "", "dataset.chat.train is all"),
        var chat => AnswerDensity.Of(shards, chat) is { } share
            ? new Figure((long)(tokens.Value * share), "", $"estimated: {100 * share:0} % of the first lines of the sources are answers")
            : null,
    };

    /// <summary>Number of rows in an epoch. Rows are packed, so all are full except each shard's last.</summary>
    public static Figure Rows(RunSpec spec, Figure tokens) =>
        new(DivideUp(tokens.Value, spec.Dataset.ContextLength), "", "estimated: tokens over dataset.contextLength"
            + (spec.Dataset.IsolateDocuments ? "; the documents of a row are read apart from each other (dataset.isolateDocuments)" : ""));

    /// <summary>Number of optimiser steps in an epoch.</summary>
    public static Figure StepsPerEpoch(RunSpec spec, Figure rows) => spec.Merge is null
        ? new(DivideUp(rows.Value, (long)spec.Training.BatchSize * spec.Training.GradientAccumulation), "",
            "estimated: rows over training.batchSize × gradientAccumulation")
        : new(0, "", "exact: the run merges, and trains nothing");

    /// <summary>Bytes of the stored rows.</summary>
    public static Figure Dataset(TeacherShape teacher, Figure tokens)
    {
        var width = teacher.VocabularySize <= 65_536 ? 2 : 4;
        return new Figure(tokens.Value * width, "bytes", $"estimated: {width} bytes a token");
    }

    /// <summary>Bytes of the teacher's stored outputs.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="teacher">The teacher.</param>
    /// <param name="tokens">Tokens in an epoch: those that count, if that is known.</param>
    public static Figure TeacherOutputs(RunSpec spec, TeacherShape teacher, Figure tokens)
    {
        if (!spec.StoresTeacherOutputs)
        {
            return new Figure(0, "bytes", spec.Merge is null ? "exact: teacher.mode is online" : "exact: the run merges, and trains nothing");
        }

        var kept = Math.Min(spec.Teacher.Keep.MaxTokens, teacher.VocabularySize);
        var hidden = spec.StoresHiddenStates ? spec.Teacher.Keep.HiddenForm.BytesOf(teacher.HiddenSize) : 0;
        var drawn = Math.Min(spec.Teacher.Keep.TailDraws, teacher.VocabularySize);
        var bits = kept * (Math.Log2((double)teacher.VocabularySize / kept) + BitsPerKeptToken)
            + (drawn == 0 ? 0 : (drawn * (Math.Log2((double)teacher.VocabularySize / drawn) + BitsPerKeptToken + 1)) + BitsOfDraws);
        var from = $"estimated, at most: {bits / 8:0} bytes a token where all of teacher.keep.maxTokens are needed"
            + (hidden > 0 ? $", and {hidden} for the mean hidden state" : "");
        return new Figure((long)(tokens.Value * ((bits / 8) + hidden)), "bytes", from);
    }

    /// <summary>Requests to the teacher's server; null if there is none.</summary>
    public static Figure? EndpointRequests(RunSpec spec, int shards, Figure rows) => spec.Teacher.Endpoint is null
        ? null
        : new(rows.Value + (2L * shards), "",
            $"estimated{(spec.Dataset.IsolateDocuments ? ", at least: one for each document of a row" : ": one for each row")}, and two for each shard that compare model and tokenizer");

    /// <summary>Tokens that the teacher's server reads and generates; null if there is none.</summary>
    public static Figure? EndpointTokens(RunSpec spec, Figure tokens, Figure rows) => spec.Teacher.Endpoint is null
        ? null
        : new(tokens.Value + rows.Value, "", spec.Dataset.IsolateDocuments
            ? "estimated: the tokens in an epoch, once, and at least one that is generated for each row (one for each document)"
            : "estimated, at most: the tokens in an epoch, once, and one that is generated for each row");

    /// <summary>Bytes of the checkpoints: each epoch's last, and the one before the newest.</summary>
    public static Figure Checkpoints(RunSpec spec, StudentParameters parameters, TransformerConfig teacher)
    {
        if (spec.Merge is not null)
        {
            return new Figure(BytesPerWeight * parameters.Trainable, "bytes", "exact: the merged weights in fp32");
        }

        var students = spec.Evaluation.Baseline ? 2 : 1;
        var control = teacher.BodyParameters + (spec.Student.TrainEmbedding ? teacher.VocabularyParameters : 0);
        var trained = (parameters.Trainable * students) + (spec.Evaluation.Control ? 2 * control : 0);
        return new Figure(CheckpointBytesPerParameter * trained * (spec.Training.Epochs + 1), "bytes",
            "estimated: weights and two moments of the trainable parameters in fp32, for each epoch and one more");
    }

    /// <summary>Bytes of the folders for other programs; null if there are none.</summary>
    public static Figure? Exports(RunSpec spec, StudentParameters parameters) => spec.Export.Parts is { Count: > 0 } parts
        ? new((long)(parts.Sum(part => part.Form.BytesPerWeight) * parameters.Total), "bytes", $"estimated: {string.Join(", ", parts.Select(part => part.Name))}")
        : null;

    private static long DivideUp(long value, long by) => (value + by - 1) / by;
}
