using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>Sets how exactly a GPU multiplies float32 matrices, in the whole process, until it is disposed.</summary>
internal sealed class MatrixPrecisionScope : IDisposable
{
    private readonly bool _earlier = backends.cuda.matmul.allow_tf32;

    /// <param name="allowTf32">Whether products may use TensorFloat-32: ten bits of mantissa, float32 sums.</param>
    internal MatrixPrecisionScope(bool allowTf32) => backends.cuda.matmul.allow_tf32 = allowTf32;

    /// <summary>Restores the earlier setting.</summary>
    public void Dispose() => backends.cuda.matmul.allow_tf32 = _earlier;
}
