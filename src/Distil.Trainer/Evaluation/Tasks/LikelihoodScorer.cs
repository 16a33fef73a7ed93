using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation.Tasks;

/// <summary>Computes log-likelihoods of continuations in batches; texts that differ only in their last token are read once.</summary>
/// <param name="model">Any causal model.</param>
/// <param name="options">How the work is divided into pieces.</param>
public sealed class LikelihoodScorer(ILanguageModel model, EvaluationOptions options)
{
    /// <summary>Scores each text.</summary>
    /// <param name="texts">The texts, in any order.</param>
    /// <param name="progress">Receives the number of texts that are done.</param>
    /// <param name="cancel">Checked before each batch.</param>
    /// <returns>Σ ln p of each text's scored tokens, in the texts' order.</returns>
    public double[] Score(IReadOnlyList<ScoredText> texts, Action<int>? progress = null, CancellationToken cancel = default)
    {
        using var noGrad = no_grad();
        var scores = new double[texts.Count];
        var done = 0;

        // The longest come first: batches then need little padding, and a batch that is too large for memory fails at once.
        var inputs = texts.Select((text, index) => (text, index))
            .GroupBy(each => string.Join(',', each.text.Tokens.SkipLast(1)), StringComparer.Ordinal)
            .Select(group => group.ToArray())
            .OrderByDescending(group => group[0].text.Tokens.Count);
        foreach (var batch in inputs.Chunk(options.BatchRows))
        {
            cancel.ThrowIfCancellationRequested();
            Measure(batch, scores);
            done += batch.Sum(group => group.Length);
            progress?.Invoke(done);
        }

        return scores;
    }

    /// <summary>Scores the texts of a batch; each row is the input that its texts share.</summary>
    private void Measure((ScoredText Text, int Index)[][] batch, double[] scores)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var length = batch.Max(row => row[0].Text.Tokens.Count - 1);
        var ids = new long[batch.Length * length];
        List<long> positions = [], labels = [];
        var owners = new List<int>();
        for (var b = 0; b < batch.Length; b++)
        {
            var input = batch[b][0].Text.Tokens;
            for (var s = 0; s + 1 < input.Count; s++)
            {
                ids[(b * length) + s] = input[s];
            }

            foreach (var (text, index) in batch[b])
            {
                for (var s = text.Tokens.Count - text.Scored; s < text.Tokens.Count; s++)
                {
                    positions.Add((b * length) + s - 1);
                    labels.Add(text.Tokens[s]);
                    owners.Add(index);
                }
            }
        }

        var hidden = model.Forward(tensor(ids, batch.Length, length).to(model.Device)).flatten(0, 1);     // (B·S, D)
        for (var start = 0; start < labels.Count; start += options.ChunkPositions)
        {
            using var chunk = NewDisposeScope();
            var count = Math.Min(options.ChunkPositions, labels.Count - start);
            var at = tensor(positions.GetRange(start, count).ToArray()).to(model.Device);
            var label = tensor(labels.GetRange(start, count).ToArray()).to(model.Device).unsqueeze(-1);  // (n, 1)
            var logits = model.LogitsOf(hidden.index_select(0, at));
            var values = logits.log_softmax(-1).gather(-1, label).cpu().data<float>().ToArray();
            for (var i = 0; i < count; i++)
            {
                scores[owners[start + i]] += values[i];
            }
        }
    }
}
