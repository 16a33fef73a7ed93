using Distil.Trainer.Models;
using Distil.Trainer.Ranks;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>Which process of a group has the optimiser's state of which parameters (ZeRO's first stage: Rajbhandari et al., arXiv 1910.02054).</summary>
/// <remarks>Each process has a run of whole parameters with about as many elements as the others'; a parameter larger than that is not cut.</remarks>
internal sealed class OptimizerShards
{
    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly IRankGroup _ranks;
    private readonly int[] _owners;

    /// <param name="parameters">All trained parameters, at least as many as there are processes.</param>
    /// <param name="ranks">The processes.</param>
    internal OptimizerShards(IReadOnlyList<NamedParameter> parameters, IRankGroup ranks)
    {
        (_parameters, _ranks) = (parameters, ranks);
        _owners = Divide([.. parameters.Select(parameter => parameter.Value.numel())], ranks.Count);
        Own = [.. parameters.Where((_, i) => _owners[i] == ranks.Rank)];
        Others = [.. parameters.Where((_, i) => _owners[i] != ranks.Rank)];
    }

    /// <value>The parameters whose state this process has, in their order.</value>
    internal IReadOnlyList<NamedParameter> Own { get; }

    /// <value>The parameters whose state other processes have.</value>
    internal IReadOnlyList<NamedParameter> Others { get; }

    /// <summary>The owner of each parameter: each process has at least one, and they follow each other.</summary>
    internal static int[] Divide(IReadOnlyList<long> sizes, int processes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sizes.Count, processes);
        var owners = new int[sizes.Count];
        var (total, before) = ((double)sizes.Sum(), 0.0);
        for (var i = 0; i < owners.Length; i++)
        {
            var byMiddle = (int)((before + (sizes[i] / 2.0)) / total * processes);
            owners[i] = Math.Clamp(byMiddle, i == 0 ? 0 : owners[i - 1], i == 0 ? 0 : owners[i - 1] + 1);
            owners[i] = Math.Max(owners[i], processes - (owners.Length - i)); // those that remain must do for the others
            before += sizes[i];
        }

        return owners;
    }

    /// <summary>Takes the sums of this process's gradients over all processes.</summary>
    /// <param name="more">Further values that become their sums in every process; null for none.</param>
    internal Tensor[] TakeSums(Tensor? more)
    {
        var gradients = Gradients.TakeOrZeros(_parameters);
        _ranks.SumTo(_owners, gradients);
        if (more is not null)
        {
            _ranks.Sum(more);
        }

        foreach (var (i, gradient) in gradients.Index())
        {
            if (_owners[i] != _ranks.Rank)
            {
                gradient.Dispose();
            }
        }

        return [.. gradients.Where((_, i) => _owners[i] == _ranks.Rank)];
    }

    /// <summary>Joins values of each process's parameters to those of all, with the same bits in every process.</summary>
    /// <param name="own">This process's, float32, one-dimensional.</param>
    /// <param name="countOf">Number of values of a parameter, by its number of elements.</param>
    internal Tensor Join(Tensor own, Func<long, long> countOf)
    {
        var counts = _parameters.Select(parameter => countOf(parameter.Value.numel())).ToList();
        var all = zeros(counts.Sum(), own.dtype, own.device);
        using (var place = all.narrow(0, counts.Where((_, i) => _owners[i] < _ranks.Rank).Sum(), own.numel()))
        {
            place.copy_(own);
        }

        _ranks.Sum(all); // each value and zeros: exact
        return all;
    }

    /// <summary>Gives every process the parameters that their owners have updated.</summary>
    internal void ShareParameters() => _ranks.Broadcast(_owners, [.. _parameters.Select(parameter => parameter.Value)]);

    /// <summary>Brings buffers of all processes together in process 0, in its machine's memory. Every process must call it.</summary>
    /// <param name="own">Buffers of this process's parameters.</param>
    /// <returns>In process 0, for each buffer a value for each parameter; in others, nothing.</returns>
    internal IReadOnlyList<NamedParameter>[] Gather(params IReadOnlyList<FlatBuffer> own)
    {
        using var frozen = no_grad();
        var gathered = own.Select(_ => new List<NamedParameter>()).ToArray();
        var next = 0;
        foreach (var (i, (name, value)) in _parameters.Index())
        {
            using var scope = NewDisposeScope();
            var mine = _owners[i] == _ranks.Rank ? next++ : -1;
            Tensor[] parts = [.. own.Select(buffer => mine >= 0 ? buffer.Views[mine].Value : empty(value.shape, ScalarType.Float32, value.device))];
            _ranks.Broadcast([.. parts.Select(_ => _owners[i])], parts);
            for (var k = 0; k < parts.Length && _ranks.Rank == 0; k++)
            {
                gathered[k].Add(new(name, parts[k].to(CPU, copy: true).DetachFromDisposeScope()));
            }
        }

        return gathered;
    }
}
