using Distil.Core.Models.Folders;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A source of a model's weights: a folder, or an initialisation.</summary>
internal interface IWeightSource
{
    /// <summary>Returns one weight in its shape, outside any dispose scope.</summary>
    Tensor Get(ModelTensor weight);
}
