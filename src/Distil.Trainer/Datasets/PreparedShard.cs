using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Trainer.Datasets;

/// <summary>What one prepare job made.</summary>
public sealed record PreparedShard
{
    /// <value>Documents to train on.</value>
    public required long Documents { get; init; }

    /// <value>Documents held out.</value>
    public required long EvalDocuments { get; init; }

    /// <value>Documents without text or ids, passed over.</value>
    public required long EmptyDocuments { get; init; }

    /// <value>Tokens to train on, end-of-text tokens included.</value>
    public required long Tokens { get; init; }

    /// <value>Tokens held out, end-of-text tokens included.</value>
    public required long EvalTokens { get; init; }

    /// <value>Rows to train on.</value>
    public required long Rows { get; init; }

    /// <value>Rows held out.</value>
    public required long EvalRows { get; init; }

    /// <summary>Rejects a dataset, the sum of its shards, that nothing can be trained on or measured with.</summary>
    /// <exception cref="InvalidInputException">There are no training rows, or no eval rows where the dataset wants some.</exception>
    public static void RejectEmpty(IReadOnlyCollection<PreparedShard> shards, DatasetSpec dataset)
    {
        if (shards.Sum(shard => shard.Rows) == 0)
        {
            var sources = string.Join(", ", dataset.Sources);
            throw new InvalidInputException($"dataset.sources: {sources}: no documents to train on; expected at least one that is not held out");
        }

        if (shards.Sum(shard => shard.EvalRows) > 0)
        {
            return;
        }

        if (dataset.EvalSources.Count > 0)
        {
            throw new InvalidInputException($"dataset.evalSources: {string.Join(", ", dataset.EvalSources)}: no documents; expected at least one");
        }

        if (dataset.EvalFraction > 0)
        {
            var documents = shards.Sum(shard => shard.Documents);
            throw new InvalidInputException(
                $"dataset.evalFraction: {dataset.EvalFraction} holds out none of {documents} documents; raise it, or name evalSources");
        }
    }
}
