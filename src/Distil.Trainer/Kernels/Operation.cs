namespace Distil.Trainer.Kernels;

/// <summary>An operation that has a kernel beside its plain form.</summary>
/// <param name="Name">As reports show it.</param>
/// <param name="CostOfPlain">What plain tensor operations cost if a kernel exists for the device.</param>
internal sealed record Operation(string Name, string CostOfPlain)
{
    /// <value>The sLSTM's recurrence.</value>
    internal static Operation SLstmScan { get; } = new("sLSTM scan", "a training step takes about 20 times as long");

    /// <value>Causal depthwise convolution with SiLU.</value>
    internal static Operation Convolution { get; } = new("convolution", "a training step takes about twice as long");

    /// <value>LayerNorm of the residual stream.</value>
    internal static Operation LayerNorm { get; } = new("LayerNorm", "a training step takes about 5 % longer");

    /// <value>A norm per head, added to the residual stream.</value>
    internal static Operation HeadNorm { get; } = new("norm of heads", "a training step takes about 3 % longer");

    /// <value>LayerNorm and a headwise projection of it.</value>
    internal static Operation NormedHeadwise { get; } = new("norm and headwise projection", "a training step takes about 5 % longer");

    /// <value>LayerNorm, projection up and gate of the feed-forward layer.</value>
    internal static Operation FeedForwardUp { get; } = new("feed-forward up-projection", "a training step takes about 2 % longer");

    /// <value>LayerNorm, projection up and convolution of an mLSTM block.</value>
    internal static Operation MLstmUp { get; } = new("mLSTM up-projection", "a training step takes about twice as long");

    /// <value>The mLSTM cell.</value>
    internal static Operation MLstmCell { get; } = new("mLSTM cell", "a training step takes about twice as long");

    /// <value>All blocks of a student in training, with one backward pass of their own instead of torch's autograd.</value>
    internal static Operation Stack { get; } = new("student's blocks in training", "the host takes about 0.1 ms longer for each operation of a step");

    /// <value>The language model head with its losses.</value>
    internal static Operation Head { get; } = new("distillation head", "its losses take about 10 times as long, and four times the memory");

    /// <value>The sparse form of a teacher's outputs.</value>
    internal static Operation Extraction { get; } = new("teacher's extraction", "a teacher's pass takes about twice as long");

    /// <value>A frozen Transformer's layers.</value>
    internal static Operation TeacherLayers { get; } = new("teacher's layers", "the teacher's forward pass takes about twice as long");

    /// <value>The optimiser's step.</value>
    internal static Operation AdamW { get; } = new("AdamW", "an optimiser step takes about 5 times as long");
}
