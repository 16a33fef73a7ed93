using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A source of a model's weights: a folder, or an initialisation.</summary>
internal interface IWeightSource
{
    /// <summary>Returns one weight, outside any dispose scope.</summary>
    /// <param name="name">Its name on disk.</param>
    /// <param name="start">Its value in a new model.</param>
    /// <param name="shape">Its required shape, with the fields of the config that determine it.</param>
    Tensor Get(string name, StartValue start, params ReadOnlySpan<Dimension> shape);
}

/// <summary>A size and its config field, for messages: <c>hidden_size 96</c>.</summary>
internal readonly record struct Dimension(long Size, string Field);

/// <summary>A weight's initial value in a new model.</summary>
internal enum StartValue
{
    /// <summary>Normal around 0, standard deviation 0.02.</summary>
    Normal,

    /// <summary>0, for biases.</summary>
    Zero,

    /// <summary>1, for norms.</summary>
    One,
}
