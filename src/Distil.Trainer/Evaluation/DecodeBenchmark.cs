using System.Diagnostics;
using Distil.Core.Documents.Evaluations;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>Measures tokens a second and bytes of state while a model decodes after contexts of several lengths.</summary>
/// <remarks>A token's time covers body, head and the choice of the most likely token, whose id is read back: the time for which a user waits.</remarks>
public sealed class DecodeBenchmark(DecodeBenchmarkOptions options)
{
    /// <summary>Measures student and teacher with the same contexts.</summary>
    /// <param name="student">The student; its context has no limit.</param>
    /// <param name="teacher">The teacher; null to measure the student alone.</param>
    /// <param name="teacherMaxContext">The teacher's longest context (max_position_embeddings); null if it has no limit.</param>
    /// <param name="contexts">Tokens read before decoding begins, each ≥ 1.</param>
    /// <param name="cancel">Checked before each token.</param>
    public IReadOnlyList<DecodeComparison> Compare(
        ILanguageModel student, ILanguageModel? teacher, int? teacherMaxContext, IEnumerable<int> contexts, CancellationToken cancel = default) =>
        [.. contexts.Select(context =>
        {
            var beyond = context + options.Tokens > teacherMaxContext;
            return new DecodeComparison
            {
                ContextLength = context,
                Student = Measure(student, context, cancel),
                Teacher = teacher is null || beyond ? null : Measure(teacher, context, cancel),
                BeyondTeachersContext = teacher is not null && beyond,
            };
        })];

    /// <summary>Measures one model after one context.</summary>
    public DecodeMeasurement Measure(ILanguageModel model, int context, CancellationToken cancel = default)
    {
        using var noGrad = no_grad();
        using var state = model.StartDecoding(options.Batch);
        var random = new Random(options.Seed);
        var next = new long[options.Batch];
        for (var read = 0; read < context; read += options.PrefillTokens)
        {
            cancel.ThrowIfCancellationRequested();
            var piece = new long[options.Batch * Math.Min(options.PrefillTokens, context - read)];
            for (var i = 0; i < piece.Length; i++)
            {
                piece[i] = random.Next(model.VocabularySize);
            }

            next = Step(model, state, piece);
        }

        var bytes = state.Bytes;
        var seconds = new double[options.Tokens];
        for (var i = 0; i < seconds.Length; i++)
        {
            cancel.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            next = Step(model, state, next);
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return new DecodeMeasurement(options.Batch / seconds[seconds.Length / 2], bytes);
    }

    /// <param name="model">The model.</param>
    /// <param name="state">Its state, which is advanced.</param>
    /// <param name="ids">The ids of all sequences, one sequence after another.</param>
    /// <returns>The most likely next token of each.</returns>
    private long[] Step(ILanguageModel model, IDecodingState state, long[] ids)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var hidden = model.Decode(tensor(ids, options.Batch, ids.Length / options.Batch).to(model.Device), state); // (B, D)
        return model.LogitsOf(hidden).argmax(-1).cpu().data<long>().ToArray();
    }
}
