using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Where a model's weights come from: a folder, or an initialisation.</summary>
internal interface IWeightSource
{
    /// <summary>One weight, outside any dispose scope.</summary>
    /// <param name="name">Its name on disk.</param>
    /// <param name="start">Its value in a new model.</param>
    /// <param name="shape">What it must be, and the fields of the config that say so.</param>
    Tensor Get(string name, StartValue start, params ReadOnlySpan<Dimension> shape);
}

/// <summary>A size and the config field that it comes from, for messages: <c>hidden_size 96</c>.</summary>
internal readonly record struct Dimension(long Size, string Field);

/// <summary>What a weight is in a new model.</summary>
internal enum StartValue
{
    /// <summary>Normal around 0, standard deviation 0.02.</summary>
    Normal,

    /// <summary>0: biases.</summary>
    Zero,

    /// <summary>1: norms.</summary>
    One,
}
