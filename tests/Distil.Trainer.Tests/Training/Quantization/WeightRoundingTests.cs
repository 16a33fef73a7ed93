using Distil.Core.Specification;
using Distil.Inference.Tests.Engines;
using Distil.Onnx;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Quantization;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Quantization;

public sealed class WeightRoundingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    private string Copy => Path.Combine(_folder.FullName, "copy");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rounded_weights_are_those_of_the_exported_form_bit_by_bit(bool linearised)
    {
        // Rows of 64 are whole blocks, of 16 not.
        var folder = linearised
            ? RandomLinearised.Write(RandomLinearised.Windowed with { Transformer = RandomLinearised.Windowed.Transformer with { HiddenSize = 64, IntermediateSize = 96 } })
            : RandomStudent.Write(RandomStudent.Small);
        foreach (var form in Enum.GetValues<WeightForm>())
        {
            var written = Path.Combine(_folder.FullName, $"{form}");
            RoundedStudent.Write(folder, form, written);
            using var expected = (IStudentModel)LanguageModelLoader.Load(written, CPU);
            using var student = (IStudentModel)LanguageModelLoader.Load(folder, CPU);
            WeightRounding.Of(student, form, Copy).RoundAll();
            Assert.Equal(expected.Weights.Count, student.Weights.Count);
            Assert.All(expected.Weights.Zip(student.Weights), pair => Assert.True(Bytes(pair.First).SequenceEqual(Bytes(pair.Second)), $"{form}: {pair.First.Name}"));
            Assert.False(Directory.Exists(Copy));
        }
    }

    [Theory]
    [InlineData(WeightForm.Int8)]
    [InlineData(WeightForm.Int4)]
    public void Blocks_of_zeros_stay_zeros_and_the_first_of_equally_far_values_decides(WeightForm form)
    {
        using var scope = NewDisposeScope();
        var weights = zeros(3, 32);
        weights[1, 4] = 2;
        weights[1, 9] = -2;
        weights[2, 7] = 1e-30f;
        var rounded = BlockRounding.Round(weights, form);
        Assert.Equal(0, rounded[0].abs().sum().item<float>());
        Assert.Equal(2, rounded[1, 4].item<float>()); // −8 times −0.25 in int4
        Assert.Equal(form == WeightForm.Int4 ? -1.75f : -2, rounded[1, 9].item<float>());
        Assert.Equal(1e-30f, rounded[2, 7].item<float>(), 1e-35f);
    }

    [Fact]
    public void A_pass_computes_with_rounded_weights_and_leaves_the_exact_ones()
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var folder = RandomStudent.Write(RandomStudent.Small);
        using var student = (IStudentModel)LanguageModelLoader.Load(folder, CPU);
        using var rounded = (IStudentModel)LanguageModelLoader.Load(folder, CPU);
        var rounding = WeightRounding.Of(student, WeightForm.Int4, Copy);
        var frozen = Bytes(new("head", student.HeadWeight));
        rounding.RoundFrozen();
        Assert.NotEqual(frozen, Bytes(new("head", student.HeadWeight)));
        var exact = student.Weights.Select(Bytes).ToArray();
        WeightRounding.Of(rounded, WeightForm.Int4, Copy).RoundAll();
        using (rounding.RoundForPass())
        {
            Assert.Equal(rounded.Weights.Select(Bytes), student.Weights.Select(Bytes));
            Loss(student).backward();
        }

        Loss(rounded).backward();
        Assert.Equal(exact, student.Weights.Select(Bytes));
        Assert.All(rounded.TrainableParameters.Zip(student.TrainableParameters), pair =>
            Assert.Equal(pair.First.Value.grad!.data<float>().ToArray(), pair.Second.Value.grad!.data<float>().ToArray()));
    }

    private static Tensor Loss(IStudentModel student) =>
        student.Forward(arange(20, ScalarType.Int64).view(1, 20)).matmul(student.HeadWeight.t()).square().mean();

    private static byte[] Bytes(NamedParameter weight)
    {
        using var value = weight.Value.detach().add(0); // −0 + 0 is 0
        return value.bytes.ToArray();
    }
}
