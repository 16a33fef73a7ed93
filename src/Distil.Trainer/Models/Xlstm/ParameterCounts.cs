namespace Distil.Trainer.Models.Xlstm;

/// <summary>The number of a student's parameters, computed from its configuration alone.</summary>
/// <param name="Trainable">The blocks and the norm after them.</param>
/// <param name="Frozen">The teacher's embedding and head.</param>
public sealed record ParameterCounts(long Trainable, long Frozen)
{
    /// <value>All parameters.</value>
    public long Total => Trainable + Frozen;

    /// <value>Share of the total that is trained, in percent.</value>
    public double TrainablePercent => 100.0 * Trainable / Total;

    /// <summary>Computes the counts without creating a tensor. A tied head counts once.</summary>
    public static ParameterCounts Of(XlstmConfig config) =>
        new(XlstmParameter.Of(config).Sum(parameter => parameter.Count), (config.TieWeights ? 1L : 2L) * config.VocabularySize * config.Width);
}
