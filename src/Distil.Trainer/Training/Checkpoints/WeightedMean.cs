using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Models;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Checkpoints;

/// <summary>The weighted mean of checkpoints' weights: θ = Σ λᵢ·θᵢ (arXiv 2603.15590). The sum is made in float64, tensor by tensor.</summary>
internal static class WeightedMean
{
    /// <summary>Sets a model's parameters to the mean.</summary>
    /// <param name="parameters">The model's trainable parameters, float32.</param>
    /// <param name="experts">The checkpoints' folders with their shares λ, which add up to 1, in the order of the sum.</param>
    /// <exception cref="InvalidInputException">A checkpoint does not have exactly these tensors.</exception>
    public static void Set(IReadOnlyList<NamedParameter> parameters, IReadOnlyList<(string Folder, double Share)> experts)
    {
        using var frozen = no_grad();
        var files = new List<(string Path, SafetensorsFile Weights, double Share)>();
        try
        {
            foreach (var (folder, share) in experts)
            {
                var path = Path.Combine(folder, CheckpointFolder.WeightsFile);
                files.Add((path, SafetensorsFile.Open(path), share));
                RequireNames(path, files[^1].Weights, parameters);
            }

            foreach (var parameter in parameters)
            {
                using var scope = NewDisposeScope();
                var mean = zeros(parameter.Value.shape, ScalarType.Float64);
                foreach (var (path, weights, share) in files)
                {
                    mean.add_(Read(path, weights, parameter), alpha: share);
                }

                parameter.Value.copy_(mean);
            }
        }
        finally
        {
            files.ForEach(file => file.Weights.Dispose());
        }
    }

    private static Tensor Read(string path, SafetensorsFile weights, NamedParameter parameter)
    {
        var value = weights.Read(parameter.Name, ScalarType.Float64, CPU);
        return value.shape.SequenceEqual(parameter.Value.shape) ? value : throw new InvalidInputException(
            $"{path}: {parameter.Name} is [{string.Join(", ", value.shape)}]; expected [{string.Join(", ", parameter.Value.shape)}]");
    }

    private static void RequireNames(string path, SafetensorsFile weights, IReadOnlyList<NamedParameter> parameters)
    {
        var expected = parameters.Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        var found = weights.Entries.Keys.ToHashSet(StringComparer.Ordinal);
        if (expected.FirstOrDefault(name => !found.Contains(name)) is { } missing)
        {
            throw new InvalidInputException($"{path}: has no tensor {missing}; expected the weights of a student of this shape");
        }

        if (found.FirstOrDefault(name => !expected.Contains(name)) is { } foreign)
        {
            throw new InvalidInputException($"{path}: has a tensor {foreign}, which a student of this shape does not have");
        }
    }
}
