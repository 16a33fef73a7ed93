using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>Which tensors a record has, for torch's functions, which take no absent ones.</summary>
internal sealed class OptionalTensors
{
    private readonly IReadOnlyList<bool> _present;

    private OptionalTensors(IReadOnlyList<bool> present) => _present = present;

    /// <summary>The pattern of a record.</summary>
    internal static OptionalTensors Of<T>(T record)
        where T : class => new([.. TensorRecord.Flatten(record).Select(tensor => tensor is not null)]);

    /// <summary>The tensors that a record has.</summary>
    internal List<Tensor> Present<T>(T record)
        where T : class => [.. TensorRecord.Flatten(record).Where(tensor => tensor is not null)];

    /// <summary>What another record of the pattern has in the places of the tensors that this one has; null where that has none.</summary>
    internal List<Tensor?> Slots<T>(T record)
        where T : class => [.. TensorRecord.Flatten(record).Where((_, i) => _present[i])];

    /// <summary>The inverse of <see cref="Present"/>; a tensor may be null.</summary>
    internal T Build<T>(IReadOnlyList<Tensor> tensors)
        where T : class
    {
        var next = 0;
        return TensorRecord.Build<T>([.. _present.Select(present => present ? tensors[next++] : null!)]);
    }
}
