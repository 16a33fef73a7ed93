namespace Distil.Trainer.Models.Xlstm;

/// <summary>How the sLSTM's recurrent kernel and bias lie in a checkpoint: the reference's two backends differ.</summary>
public enum RecurrentLayout
{
    /// <summary>Kernel (NH, DH, 4·DH), bias (NH, 4, DH) flat: the reference's CUDA backend, and Distil's own in memory.</summary>
    Cuda,

    /// <summary>Kernel (NH, 4·DH, DH), bias (4, NH, DH) flat: the reference's plain backend, which runs on any device.</summary>
    Vanilla,
}
