namespace Distil.Trainer.Models.Xlstm;

/// <summary>The initial value of a weight (the reference's initialisation for distillation).</summary>
internal enum Initializer
{
    /// <summary>0.</summary>
    Zero,

    /// <summary>1.</summary>
    One,

    /// <summary>Normal, std √(2 / (5·D)).</summary>
    Small,

    /// <summary>Normal, std 2 / blocks / √D.</summary>
    Wang,

    /// <summary>Uniform in ±1/√K, as torch initialises a depthwise convolution.</summary>
    Convolution,

    /// <summary>Normal, std 0.1.</summary>
    InputGateBias,

    /// <summary>From 3 to 6 over the heads.</summary>
    MlstmForgetBias,

    /// <summary>0, except the forget gate's, which falls by a power law over the units of a head.</summary>
    SlstmBias,
}
