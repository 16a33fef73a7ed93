namespace Distil.Trainer.Kernels;

/// <summary>An operation that has a kernel beside its plain form.</summary>
/// <param name="Name">As reports show it.</param>
/// <param name="PartOf">What takes longer without the kernel.</param>
internal sealed record Operation(string Name, string PartOf = "a training step")
{
    /// <value>The sLSTM's recurrence.</value>
    internal static Operation SLstmScan { get; } = new("sLSTM scan");

    /// <value>Causal depthwise convolution with SiLU.</value>
    internal static Operation Convolution { get; } = new("convolution");

    /// <value>LayerNorm of the residual stream.</value>
    internal static Operation LayerNorm { get; } = new("LayerNorm");

    /// <value>A norm per head, added to the residual stream.</value>
    internal static Operation HeadNorm { get; } = new("norm of heads");

    /// <value>LayerNorm and a headwise projection of it.</value>
    internal static Operation NormedHeadwise { get; } = new("norm and headwise projection");

    /// <value>LayerNorm, projection up and gate of the feed-forward layer.</value>
    internal static Operation FeedForwardUp { get; } = new("feed-forward up-projection");

    /// <value>LayerNorm, projection up and convolution of an mLSTM block.</value>
    internal static Operation MLstmUp { get; } = new("mLSTM up-projection");

    /// <value>The mLSTM cell.</value>
    internal static Operation MLstmCell { get; } = new("mLSTM cell");

    /// <value>All blocks of a student in training, with one backward pass of their own instead of torch's autograd.</value>
    internal static Operation Stack { get; } = new("student's blocks in training");

    /// <value>The language model head with its losses.</value>
    internal static Operation Head { get; } = new("distillation head");

    /// <value>The sparse form of a teacher's outputs.</value>
    internal static Operation Extraction { get; } = new("teacher's extraction", "a teacher's pass");

    /// <value>A frozen Transformer's layers.</value>
    internal static Operation TeacherLayers { get; } = new("teacher's layers", "a teacher's pass");

    /// <value>A linearised student's layers over whole texts.</value>
    internal static Operation LinearisedLayers { get; } = new("linearised layers");

    /// <value>The optimiser's step.</value>
    internal static Operation AdamW { get; } = new("AdamW");
}
