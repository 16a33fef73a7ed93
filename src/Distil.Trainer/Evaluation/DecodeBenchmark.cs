using System.Diagnostics;
using Distil.Core.Documents.Evaluations;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>Tokens a second and bytes of state while a model decodes after contexts of several lengths.</summary>
/// <remarks>A token's time covers body, head and the choice of the likeliest token, whose id is read back: what a user waits for.</remarks>
public sealed class DecodeBenchmark(DecodeBenchmarkOptions options)
{
    /// <summary>Measures student and teacher side by side.</summary>
    /// <param name="student">Has no longest context.</param>
    /// <param name="teacher">Null measures the student alone.</param>
    /// <param name="teacherMaxContext">Tokens that the teacher can hold (max_position_embeddings); null where it has no limit.</param>
    /// <param name="contexts">Tokens read before decoding begins, each ≥ 1.</param>
    /// <param name="cancel">Looked at before each token.</param>
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

    /// <param name="model">Which.</param>
    /// <param name="state">Its state; advanced.</param>
    /// <param name="ids">Of all sequences, one after another.</param>
    /// <returns>The likeliest next token of each.</returns>
    private long[] Step(ILanguageModel model, IDecodingState state, long[] ids)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var hidden = model.Decode(tensor(ids, options.Batch, ids.Length / options.Batch).to(model.Device), state); // (B, D)
        return hidden.to_type(model.HeadWeight.dtype).matmul(model.HeadWeight.t()).argmax(-1).cpu().data<long>().ToArray();
    }
}
