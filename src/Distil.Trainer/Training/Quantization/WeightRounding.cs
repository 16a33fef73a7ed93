using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Onnx;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Quantization;

/// <summary>Rounds a student's weights in place, those that a form of its exported folder rounds and as it rounds them.</summary>
internal sealed class WeightRounding
{
    private readonly (Tensor Value, WeightForm Form)[] _trained, _frozen;

    private WeightRounding(IEnumerable<(Tensor Value, WeightForm Form)> weights)
    {
        var parts = weights.ToLookup(weight => weight.Value.requires_grad);
        (_trained, _frozen) = ([.. parts[true]], [.. parts[false]]);
    }

    /// <summary>Finds what is rounded.</summary>
    /// <param name="student">The student, with the weights that it trains.</param>
    /// <param name="form">The form.</param>
    /// <param name="folder">A path for a copy of the student, which is deleted again: what a form rounds follows from a folder.</param>
    internal static WeightRounding Of(IStudentModel student, WeightForm form, string folder)
    {
        try
        {
            student.Save(folder, WeightStorage.Of(bfloat16: true));
            return Of(student, RoundedStudent.FormsOf(folder, form));
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    /// <summary>Finds what is rounded.</summary>
    /// <param name="student">The student, with the weights that it trains.</param>
    /// <param name="forms">The form of each weight, from <see cref="RoundedStudent.FormsOf"/> of a folder of the student.</param>
    internal static WeightRounding Of(IStudentModel student, IReadOnlyDictionary<string, WeightForm> forms)
    {
        var rounded = student.Weights.Where(weight => forms.GetValueOrDefault(weight.Name, WeightForm.Fp32) != WeightForm.Fp32);
        return new(rounded.DistinctBy(weight => weight.Value, ReferenceEqualityComparer.Instance).Select(weight => (weight.Value, forms[weight.Name])));
    }

    /// <summary>Rounds the weights that are not trained, for good.</summary>
    internal void RoundFrozen() => Round(_frozen);

    /// <summary>Rounds all weights, for good.</summary>
    internal void RoundAll() => Round([.. _trained, .. _frozen]);

    /// <summary>Rounds the trained weights for a forward and backward pass: gradients are those of the rounded weights (the straight-through estimator, arXiv
    /// 1308.3432).</summary>
    /// <returns>Gives the weights their exact values again.</returns>
    internal IDisposable RoundForPass()
    {
        var exact = Array.ConvertAll(_trained, weight => weight.Value.detach().clone().DetachFromDisposeScope());
        Round(_trained);
        return new ExactValues(_trained, exact);
    }

    private static void Round((Tensor Value, WeightForm Form)[] weights)
    {
        using var pause = NoGcRegion.Begin();
        using var noGradient = no_grad();
        foreach (var (value, form) in weights)
        {
            using var rounded = BlockRounding.Round(value, form);
            value.copy_(rounded);
        }
    }

    private sealed class ExactValues((Tensor Value, WeightForm Form)[] weights, Tensor[] exact) : IDisposable
    {
        public void Dispose()
        {
            using var noGradient = no_grad();
            foreach (var ((value, _), own) in weights.Zip(exact))
            {
                value.copy_(own);
                own.Dispose();
            }
        }
    }
}
