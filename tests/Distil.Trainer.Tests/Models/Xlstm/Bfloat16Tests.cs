using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Torch;
using static Distil.Trainer.Tests.Models.Xlstm.GoldenStudent;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Tests.Models.Xlstm;

public sealed class Bfloat16Tests
{
    /// <summary>‖bfloat16 − reference‖ / ‖reference‖ of logits.</summary>
    private const double Tolerance = 2e-2;

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void Logits_stay_near_the_references(string where)
    {
        Assert.SkipWhen(where == "cuda" && !cuda.is_available(), "torch finds no CUDA GPU");
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var golden = Case();
        using var model = XlstmModel.Load(Folder, device(where));
        model.UseBFloat16();
        var logits = linear(model.Forward(golden.Read("input_ids").to(model.Device)), model.HeadWeight);
        Assert.Equal(ScalarType.BFloat16, logits.dtype);
        Close(golden.Read("logits"), logits, Tolerance, "logits");
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void Gradients_reach_the_float32_weights_and_point_where_the_references_do(string where)
    {
        Assert.SkipWhen(where == "cuda" && !cuda.is_available(), "torch finds no CUDA GPU");
        using var scope = NewDisposeScope();
        using var golden = Case();
        using var model = XlstmModel.Load(Folder, device(where));
        model.UseBFloat16();
        var ids = golden.Read("input_ids").to(model.Device);
        var logits = linear(model.Forward(ids), model.HeadWeight).to(ScalarType.Float32);
        GradientScope.Backward(cross_entropy(logits.narrow(1, 0, ids.shape[1] - 1).flatten(0, 1), ids.narrow(1, 1, ids.shape[1] - 1).flatten()));
        var (actual, expected) = (new List<Tensor>(), new List<Tensor>());
        foreach (var (name, value) in model.TrainableParameters)
        {
            Assert.Equal(ScalarType.Float32, value.dtype);
            var reference = golden.Read("grad." + name);
            if (name.EndsWith("_recurrent_kernel_", StringComparison.Ordinal))
            {
                reference = reference.transpose(1, 2);
            }
            if (name.EndsWith("slstm_cell._bias_", StringComparison.Ordinal))
            {
                reference = reference.view(4, 4, -1).transpose(0, 1).flatten();
            }
            actual.Add(value.grad!.flatten());
            expected.Add(reference.flatten());
        }

        // This case amplifies rounding: if only the embedding is rounded to bfloat16, the reference's own gradient changes by 10 %.
        var (there, here) = (cat(expected), cat(actual).cpu());
        Close(there, here, 0.2, "the gradient");
        var cosine = (there.dot(here) / (there.norm() * here.norm())).item<float>();
        Assert.True(cosine > 0.98, $"the gradient's cosine with the reference's is {cosine:0.000}");
    }

    private static void Close(Tensor expected, Tensor actual, double tolerance, string what)
    {
        var reference = expected.to(ScalarType.Float64);
        var off = ((actual.cpu().to(ScalarType.Float64) - reference).norm() / reference.norm()).item<double>();
        Assert.True(off <= tolerance, $"{what} is off by {off:P2}; {tolerance:P0} allowed");
    }
}
