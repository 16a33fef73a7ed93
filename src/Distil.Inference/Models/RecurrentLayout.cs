namespace Distil.Inference.Models;

/// <summary>The layout of the sLSTM's recurrent kernel and bias in a checkpoint; the reference's two backends differ.</summary>
public enum RecurrentLayout
{
    /// <summary>Kernel (NH, DH, 4·DH), bias (NH, 4, DH) flat: the layout of the reference's CUDA backend, and Distil's own in memory.</summary>
    Cuda,

    /// <summary>Kernel (NH, 4·DH, DH), bias (4, NH, DH) flat: the layout of the reference's plain backend, which runs on any device.</summary>
    Vanilla,
}
