using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>The address of each parameter's gradient on the GPU, and how the blocks of a kernel share their elements, so that nothing is copied
/// together.</summary>
internal sealed class GradientTable : IDisposable
{
    /// <summary>Elements per block, a multiple of 4.</summary>
    private const long BlockElements = 16384;

    private readonly long[] _addresses;

    /// <summary>Creates a table for the parameters of a layout.</summary>
    internal GradientTable(FlatLayout layout, Device device)
    {
        using var scope = NewDisposeScope();
        var parts = layout.Parts().SelectMany(part => Blocks(part.Parameter, part.Start, part.Count)).ToArray();
        _addresses = new long[layout.Parts().Count];
        Count = parts.Length;
        Parts = tensor(parts.SelectMany(part => part).ToArray(), ScalarType.Int64).to(device).DetachFromDisposeScope();
        Addresses = zeros(_addresses.Length, ScalarType.Int64, device).DetachFromDisposeScope();
    }

    /// <value>Number of blocks.</value>
    internal int Count { get; }

    /// <value>For each block: parameter, first element in it and in the flat buffers, and number of elements. (n · 4) int64.</value>
    internal Tensor Parts { get; }

    /// <value>The address of each parameter's gradient, (P) int64.</value>
    internal Tensor Addresses { get; }

    /// <summary>Number of blocks of a parameter.</summary>
    internal static long BlocksOf(long elements) => (elements + BlockElements - 1) / BlockElements;

    /// <summary>Sets the gradients' addresses; torch's allocator often returns the same ones again.</summary>
    /// <param name="gradients">In the parameters' order and types; they live until the kernels that read them are launched.</param>
    internal unsafe void Point(IReadOnlyList<Tensor> gradients)
    {
        var changed = false;
        for (var i = 0; i < _addresses.Length; i++)
        {
            var gradient = gradients[i];
            var address = TensorMemory.Address(gradient);
            if (!gradient.is_contiguous())
            {
                address = TensorMemory.Address(gradient.contiguous());
            }
            else if (address % 16 != 0)
            {
                address = TensorMemory.Address(gradient.clone());
            }
            changed |= _addresses[i] != address;
            _addresses[i] = address;
        }

        if (!changed)
        {
            return;
        }

        CudaDriver.Check(CudaDriver.ContextSetCurrent(CudaRuntime.Card.Context), nameof(GradientTable));
        fixed (long* from = _addresses)
        {
            CudaDriver.Check(CudaDriver.CopyToDevice(TensorMemory.Address(Addresses), from, (nuint)(_addresses.Length * sizeof(long)), 0),
                $"{nameof(GradientTable)}: copying {_addresses.Length} addresses");
        }
    }

    public void Dispose()
    {
        Parts.Dispose();
        Addresses.Dispose();
    }

    private static IEnumerable<long[]> Blocks(int parameter, long start, long count)
    {
        for (var from = 0L; from < count; from += BlockElements)
        {
            yield return [parameter, from, start + from, Math.Min(BlockElements, count - from)];
        }
    }
}
