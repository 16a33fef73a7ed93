using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>A form of the sLSTM's recurrence (xLSTM, arXiv 2405.04517, eq. 8–17).</summary>
/// <param name="inputs">Inputs of the form's element type.</param>
/// <param name="state">
/// Where to start, and afterwards where the scan ended; null starts at the beginning and discards the end. With a state no gradient is recorded.
/// </param>
/// <returns>h, (B, S, NH, DH), of the inputs' element type; gates and states are float32.</returns>
internal delegate Tensor SLstmScan(SLstmScanInputs inputs, SLstmState? state);

/// <summary>The inputs of the sLSTM's recurrence.</summary>
/// <param name="InputForget">What c contributes to the gates i and f, (NH, B, S, 2·DH).</param>
/// <param name="CellOutput">What the norm's output contributes to the gates z and o, (NH, B, S, 2·DH).</param>
/// <param name="Recurrent">R, float32, (NH, DH, 4·DH): from a unit of h to the gates i, f, z, o.</param>
/// <param name="Bias">b, float32, (NH · 4 · DH), heads first.</param>
internal sealed record SLstmScanInputs(Tensor InputForget, Tensor CellOutput, Tensor Recurrent, Tensor Bias)
{
    /// <value>NH.</value>
    internal int Heads => (int)InputForget.size(0);

    /// <value>B.</value>
    internal int Batch => (int)InputForget.size(1);

    /// <value>S.</value>
    internal int Length => (int)InputForget.size(2);

    /// <value>DH.</value>
    internal int Size => (int)Recurrent.size(1);
}

/// <summary>All forms of the recurrence.</summary>
internal static class SLstmScans
{
    /// <summary>Chooses the form.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="size">DH.</param>
    /// <param name="type">Element type of the inputs.</param>
    internal static Choice<SLstmScan> Choose(Backend backend, long size, ScalarType type) => backend.Choose<SLstmScan>(
        Operation.SLstmScan, type, SLstmPlainScan.Forward,
        new(Kernel.SLstmScanCpu, SLstmCpuScan.Instance.Forward),
        new(Kernel.SLstmScanCuda, SLstmCudaScan.Instance.Forward, () => SLstmCudaScan.Limit(CudaRuntime.Card, size)),
        new(Kernel.SLstmScanCudaFloat, SLstmCudaFloatScan.Instance.Forward, () => SLstmCudaFloatScan.Limit(size)));
}
