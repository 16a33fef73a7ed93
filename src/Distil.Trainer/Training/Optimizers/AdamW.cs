using Distil.Core.Documents;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>AdamW as PyTorch computes it, with clipping by the global gradient norm, over flat float32 buffers.</summary>
/// <remarks>
/// The authoritative weights are the optimiser's own float32 copy; each step ends by writing them to the model's parameters. On a GPU with this project's
/// kernels, the parameters are moved into the optimiser's buffers instead (<see cref="CudaAdamW"/>); views made before that still refer to the old memory.
/// Nothing here waits for a GPU.
/// </remarks>
public sealed class AdamW : IDisposable
{
    private const string MeanPrefix = "exp_avg.";
    private const string SquarePrefix = "exp_avg_sq.";
    private const string StepName = "step";

    private readonly IReadOnlyList<NamedParameter> _parameters;
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
    public AdamW(IReadOnlyList<NamedParameter> parameters, AdamWOptions options, Backend? backend = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(parameters.Count);
        _parameters = parameters;
        _options = options;
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

    /// <value>Number of steps since the beginning, including those before a resume.</value>
    public long Steps { get; private set; }

    /// <value>The trained weights in full precision, by name: views of live memory.</value>
    public IReadOnlyList<NamedParameter> Weights => _weights.Views;

    /// <summary>Clips the accumulated gradients, updates the parameters and clears the gradients.</summary>
    /// <param name="learningRate">The learning rate of this step, ≥ 0.</param>
    /// <param name="maximumNorm">Largest global norm that a gradient may have, &gt; 0; a larger one is scaled down.</param>
    /// <returns>The gradient's global norm before clipping, 0-d float32 on the device, in the caller's dispose scope.</returns>
    public Tensor Step(double learningRate, double maximumNorm)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var parts = TakeGradients();
        Steps++;
        var correction1 = 1 - Math.Pow(_options.Beta1, Steps);
        var correction2 = 1 - Math.Pow(_options.Beta2, Steps);
        if (_kernel is not null)
        {
            return _kernel.Step(parts, _weights, _mean, _square, new(
                maximumNorm, learningRate, _options.Beta1, _options.Beta2, _options.Epsilon,
                _options.WeightDecay, correction1, correction2)).MoveToOuterDisposeScope();
        }

        var gradient = _layout.Join(parts);                                                  // (P)
        var norm = gradient.norm();
        gradient.mul_((maximumNorm / (norm + 1e-6)).clamp_max(1.0));                         // as PyTorch's clip_grad_norm_
        var decay = learningRate * _options.WeightDecay;
        _ = _factors is null ? _weights.All.mul_(1 - decay) : _weights.All.mul_(1 - (_factors.All * decay));
        _mean.All.mul_(_options.Beta1).add_(gradient, alpha: 1 - _options.Beta1);
        _square.All.mul_(_options.Beta2).addcmul_(gradient, gradient, value: 1 - _options.Beta2);
        var denominator = _square.All.sqrt().div_(Math.Sqrt(correction2)).add_(_options.Epsilon);
        _weights.All.addcdiv_(_factors is null ? _mean.All : _mean.All * _factors.All, denominator, value: -learningRate / correction1);
        _weights.WriteTo(_parameters);
        return norm.MoveToOuterDisposeScope();
    }

    /// <summary>The optimiser's state by name, for a checkpoint: <c>step</c>, <c>exp_avg.{parameter}</c>, <c>exp_avg_sq.{parameter}</c>.</summary>
    /// <remarks>Views of live memory: write them before the next step. The step's own tensor is in the caller's dispose scope.</remarks>
    public IEnumerable<KeyValuePair<string, Tensor>> State()
    {
        yield return new(StepName, tensor([Steps], ScalarType.Int64));
        foreach (var (name, value) in _mean.Views)
        {
            yield return new(MeanPrefix + name, value);
        }
        foreach (var (name, value) in _square.Views)
        {
            yield return new(SquarePrefix + name, value);
        }
    }

    /// <summary>Loads weights and state from a checkpoint's files and writes the weights to the model.</summary>
    /// <param name="weightsPath">Safetensors with <see cref="Weights"/> by name.</param>
    /// <param name="statePath">Safetensors with the tensors of <see cref="State"/>.</param>
    /// <exception cref="InvalidInputException">A file lacks a tensor or contains one of another type or shape; nothing is loaded.</exception>
    public void Load(string weightsPath, string statePath)
    {
        using var scope = NewDisposeScope();
        using var weights = SafetensorsFile.Open(weightsPath);
        using var state = SafetensorsFile.Open(statePath);
        (SafetensorsFile File, string Prefix, FlatBuffer Buffer)[] parts = [(weights, "", _weights), (state, MeanPrefix, _mean), (state, SquarePrefix, _square)];
        Require(state, StepName, [1], ScalarType.Int64);
        foreach (var (file, prefix, buffer) in parts)
        {
            buffer.Views.ToList().ForEach(view => Require(file, prefix + view.Name, view.Value.shape, ScalarType.Float32));
        }

        Steps = state.Read(StepName).item<long>();
        foreach (var (file, prefix, buffer) in parts)
        {
            buffer.Views.ToList().ForEach(view => view.Value.copy_(file.Read(prefix + view.Name)));
        }

        if (_kernel is null)
        {
            _weights.WriteTo(_parameters);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _kernel?.Dispose();
        _weights.Dispose();
        _mean.Dispose();
        _square.Dispose();
        _factors?.Dispose();
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

    private Tensor[] TakeGradients()
    {
        var parts = new Tensor[_parameters.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            var (name, value) = _parameters[i];
            parts[i] = value.grad ?? throw new InvalidOperationException($"{name} has no gradient: the loss does not depend on it.");
            value.grad = null;
        }

        return parts;
    }

    private static void Require(SafetensorsFile file, string name, long[] shape, ScalarType type)
    {
        var entry = file.EntryOf(name, shape, "the model");
        if (entry.Dtype.ToTorch() != type)
        {
            throw new InvalidInputException($"{file.Path}: {name} is {entry}; expected {type.ToSafetensors()}");
        }
    }
}
