using Distil.Core.Documents;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.Ranks;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>AdamW as PyTorch computes it, with clipping by the global gradient norm, over flat float32 buffers.</summary>
/// <remarks>
/// The authoritative weights are the optimiser's own float32 copy; each step ends by writing them to the model's parameters. On a GPU with this project's
/// kernels, the parameters are moved into the optimiser's buffers instead (<see cref="CudaAdamW"/>); views made before that still refer to the old memory.
/// Nothing here waits for a GPU.
/// </remarks>
public sealed partial class AdamW : IDisposable
{
    private readonly IReadOnlyList<NamedParameter> _parameters; // whose state this process has
    private readonly IReadOnlyList<NamedParameter> _all;
    private readonly OptimizerShards? _shards;
    private readonly AdamWOptions _options;
    private readonly FlatLayout _layout;
    private readonly CudaAdamW? _kernel;
    private readonly FlatBuffer _weights;
    private readonly FlatBuffer _mean;
    private readonly FlatBuffer _square;
    private readonly FlatBuffer? _factors; // of each parameter's learning rate

    /// <summary>Starts with the parameters' present values and empty moments.</summary>
    /// <param name="parameters">The trained parameters: leaves that require a gradient, all on one device.</param>
    /// <param name="options">The constants.</param>
    /// <param name="backend">Which kernels it may use; null for all that can run on the parameters' device.</param>
    /// <param name="ranks">The processes whose gradients are summed; null for this one alone.</param>
    public AdamW(IReadOnlyList<NamedParameter> parameters, AdamWOptions options, Backend? backend = null, IRankGroup? ranks = null)
    {
        Ranks = ranks ?? SingleRank.Instance;
        ArgumentOutOfRangeException.ThrowIfZero(parameters.Count);
        _all = parameters;
        _options = options;
        _shards = Ranks.Count > 1 && parameters.Count >= Ranks.Count && parameters.Sum(each => each.Value.numel()) >= options.ShardFrom
            ? new(parameters, Ranks)
            : null;
        _parameters = parameters = _shards?.Own ?? parameters;
        _layout = new(parameters);
        _weights = new(parameters, _layout);
        _mean = new(parameters, _layout);
        _square = new(parameters, _layout);
        _weights.ReadFrom(parameters);
        var factors = FactorsOf(options.Factor);
        var form = (backend ?? Backend.For(parameters[0].Value.device)).Choose<Func<CudaAdamW>?>(
            Operation.AdamW, TypeOf(parameters), null, new Candidate<Func<CudaAdamW>?>(
                Kernel.AdamWCuda, () => new(parameters, _layout, _weights, factors)));
        (_kernel, Report) = (form.Run?.Invoke(), form.Report);
        _factors = _kernel is null ? Factors(factors) : null;
    }

    /// <value>The form of a step.</value>
    public OperationForm Report { get; }

    /// <value>The processes whose gradients are summed.</value>
    public IRankGroup Ranks { get; }

    /// <value>Number of steps since the beginning, including those before a resume.</value>
    public long Steps { get; private set; }

    /// <value>Whether the processes divide weights and moments among them.</value>
    public bool IsSharded => _shards is not null;

    /// <value>The trained weights in full precision, by name: views of live memory. Of a sharded optimiser only after <see cref="Gather"/>.</value>
    public IReadOnlyList<NamedParameter> Weights => Whole(0, _weights);

    /// <summary>Clips the accumulated gradients, updates the parameters and clears the gradients.</summary>
    /// <param name="learningRate">The learning rate of this step, ≥ 0.</param>
    /// <param name="maximumNorm">Largest global norm that a gradient may have, &gt; 0; a larger one is scaled down.</param>
    /// <param name="alsoSummed">Values that, with the gradients, become their sums over all processes; null for none.</param>
    /// <returns>The gradient's global norm before clipping, 0-d float32 on the device, in the caller's dispose scope.</returns>
    public Tensor Step(double learningRate, double maximumNorm, Tensor? alsoSummed = null)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var parts = Ranks.Count == 1 ? Gradients.Take(_parameters) : _shards?.TakeSums(alsoSummed) ?? Gradients.TakeSums(_parameters, Ranks, alsoSummed);
        var norm = Update(parts, learningRate, maximumNorm);
        _shards?.ShareParameters();
        return norm.MoveToOuterDisposeScope();
    }

    private Tensor Update(Tensor[] parts, double learningRate, double maximumNorm)
    {
        Forget();
        Steps++;
        var correction1 = 1 - Math.Pow(_options.Beta1, Steps);
        var correction2 = 1 - Math.Pow(_options.Beta2, Steps);
        if (_kernel is not null)
        {
            return _kernel.Step(parts, _weights, _mean, _square, new(
                maximumNorm, learningRate, _options.Beta1, _options.Beta2, _options.Epsilon,
                _options.WeightDecay, correction1, correction2), _shards);
        }

        var gradient = _layout.Join(parts);                                                  // (P)
        var norms = stack([.. parts.Select(part => part.to_type(ScalarType.Float32).norm())]);
        var norm = (_shards?.Join(norms, _ => 1) ?? norms).norm();
        gradient.mul_((maximumNorm / (norm + 1e-6)).clamp_max(1.0));                         // as PyTorch's clip_grad_norm_
        var decay = learningRate * _options.WeightDecay;
        _ = _factors is null ? _weights.All.mul_(1 - decay) : _weights.All.mul_(1 - (_factors.All * decay));
        _mean.All.mul_(_options.Beta1).add_(gradient, alpha: 1 - _options.Beta1);
        _square.All.mul_(_options.Beta2).addcmul_(gradient, gradient, value: 1 - _options.Beta2);
        var denominator = _square.All.sqrt().div_(Math.Sqrt(correction2)).add_(_options.Epsilon);
        _weights.All.addcdiv_(_factors is null ? _mean.All : _mean.All * _factors.All, denominator, value: -learningRate / correction1);
        _weights.WriteTo(_parameters);
        return norm;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _kernel?.Dispose();
        _weights.Dispose();
        _mean.Dispose();
        _square.Dispose();
        _factors?.Dispose();
        Forget();
    }

    /// <summary>What each parameter's learning rate is multiplied by, in the parameters' order; null if by nothing.</summary>
    private float[]? FactorsOf(RateFactor? factor)
    {
        if (factor is null or { Value: 1 })
        {
            return null;
        }

        var own = factor.Parameters.Select(parameter => parameter.Name).ToHashSet();
        return [.. _parameters.Select(parameter => own.Contains(parameter.Name) ? (float)factor.Value : 1)];
    }

    private FlatBuffer? Factors(float[]? ofParameters)
    {
        if (ofParameters is null)
        {
            return null;
        }

        var factors = new FlatBuffer(_parameters, _layout);
        foreach (var ((_, value), factor) in factors.Views.Zip(ofParameters))
        {
            value.fill_(factor);
        }

        return factors;
    }

    /// <summary>The parameters' element type; of parameters of several types, one that is not float32.</summary>
    private static ScalarType TypeOf(IReadOnlyList<NamedParameter> parameters) =>
        parameters.Select(parameter => parameter.Value.dtype).FirstOrDefault(type => type != ScalarType.Float32, ScalarType.Float32);
}
