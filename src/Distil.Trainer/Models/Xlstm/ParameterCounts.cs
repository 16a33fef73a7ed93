namespace Distil.Trainer.Models.Xlstm;

/// <summary>How many parameters a student has, from its configuration alone.</summary>
/// <param name="Trainable">The blocks and the norm after them.</param>
/// <param name="Frozen">The teacher's embedding and head.</param>
public sealed record ParameterCounts(long Trainable, long Frozen)
{
    /// <value>Both together.</value>
    public long Total => Trainable + Frozen;

    /// <value>Share of the total that is trained, in percent.</value>
    public double TrainablePercent => 100.0 * Trainable / Total;

    /// <summary>Counts without making a tensor. A tied head counts once.</summary>
    public static ParameterCounts Of(XlstmConfig config) =>
        new(XlstmParameter.Of(config).Sum(parameter => parameter.Count), (config.TieWeights ? 1L : 2L) * config.VocabularySize * config.Width);
}
