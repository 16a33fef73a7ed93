using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Trainer.Distillation.Alignment;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Distillation.Alignment;

public sealed class HiddenStateAlignmentTests
{
    private static HiddenStateAlignment Frobenius(FrobeniusReduction reduction) => new(new() { Reduction = reduction });

    private static HiddenStateAlignment Cosine() => new(new() { Kind = AlignmentKind.Cosine });

    private static double Expected(string name) => DeltaLossCase.Expected.GetProperty(name).GetDouble();

    [Fact]
    public void The_papers_form_equals_the_golden_number() => Assert.Equal(
        Expected("frobenius.paper"),
        Frobenius(FrobeniusReduction.Paper).Loss(DeltaLossCase.Read("student_hidden.2"), DeltaLossCase.TeacherMean()).item<float>(), 1e-5);

    [Fact]
    public void Cosine_equals_the_golden_number() => Assert.Equal(
        Expected("cosine.final_vs_mean"), Cosine().Loss(DeltaLossCase.Read("student_hidden.2"), DeltaLossCase.TeacherMean()).item<float>(), 1e-5);

    [Theory]
    [InlineData(FrobeniusReduction.Average, "frobenius.average")]
    [InlineData(FrobeniusReduction.Ratio, "frobenius.ratio")]
    public void The_authors_forms_equal_the_golden_numbers(FrobeniusReduction reduction, string name) => Assert.Equal(
        Expected(name), Frobenius(reduction).LayerLoss(DeltaLossCase.StudentBlocks(), DeltaLossCase.TeacherLayers()).item<float>(), 1e-5);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(1, 0.1)]
    [InlineData(3, 0.2)]
    public void The_papers_gradient_equals_the_golden_gradient(int which, double beta)
    {
        var student = DeltaLossCase.Read("student_hidden.2").requires_grad_();
        (Frobenius(FrobeniusReduction.Paper).Loss(student, DeltaLossCase.TeacherMean()) * beta).backward();
        Assert.True(student.grad!.allclose(DeltaLossCase.Read($"grad_hidden.{which}"), rtol: 1e-4, atol: 1e-9));
    }

    [Fact]
    public void Block_wise_is_a_norm_for_each_block_and_sequence()
    {
        var (student, teacher) = (DeltaLossCase.StudentBlocks(), DeltaLossCase.TeacherLayers()[3..]);
        var sum = 0.0;
        for (var block = 0; block < 3; block++)
        {
            for (var row = 0; row < 2; row++)
            {
                sum += Math.Sqrt(student[block][row].data<float>().Zip(teacher[block][row].data<float>(), (s, t) => Math.Pow((double)s - t, 2)).Sum());
            }
        }

        var expected = sum / 6 / Math.Sqrt(3 * 2 * 11 * 16);
        Assert.Equal(expected, Frobenius(FrobeniusReduction.BlockWise).LayerLoss(student, teacher).item<float>(), 1e-5);
    }

    [Fact]
    public void Block_wise_over_more_layers_compares_with_the_means_of_consecutive_layers()
    {
        var (student, teacher) = (DeltaLossCase.StudentBlocks(), DeltaLossCase.TeacherLayers());
        var pairs = Enumerable.Range(0, 3).Select(i => (teacher[2 * i] + teacher[2 * i + 1]) / 2).ToArray();
        var alignment = Frobenius(FrobeniusReduction.BlockWise);
        Assert.Equal(alignment.LayerLoss(student, pairs).item<float>(), alignment.LayerLoss(student, teacher).item<float>(), 1e-6);
    }

    [Theory]
    [InlineData(AlignmentKind.Cosine, FrobeniusReduction.Paper)]
    [InlineData(AlignmentKind.Frobenius, FrobeniusReduction.Paper)]
    [InlineData(AlignmentKind.Frobenius, FrobeniusReduction.Average)]
    [InlineData(AlignmentKind.Frobenius, FrobeniusReduction.Ratio)]
    [InlineData(AlignmentKind.Frobenius, FrobeniusReduction.BlockWise)]
    public void What_stands_in_the_padding_does_not_count(AlignmentKind kind, FrobeniusReduction reduction)
    {
        var spec = new AlignmentSpec { Kind = kind, Reduction = reduction };
        var lengths = tensor(new long[] { 11, 11 });
        Assert.Equal(Loss(spec, null, 0), Loss(spec, lengths, 0), 1e-5);

        var shorter = tensor(new long[] { 11, 7 });
        Assert.Equal(Loss(spec, shorter, 0), Loss(spec, shorter, 100), 1e-5);
        Assert.NotEqual(Loss(spec, lengths, 0), Loss(spec, shorter, 0), 1e-4);

        var mask = arange(11).unsqueeze(0).lt(shorter.unsqueeze(-1)).to(ScalarType.Float32);
        Assert.Equal(Loss(spec, shorter, 0), Loss(spec, mask, 100), 1e-5);
        Assert.Equal(0f, Loss(spec, zeros_like(mask), 0)); // of a micro-batch in which nothing counts
    }

    [Fact]
    public void A_student_that_equals_its_teacher_has_no_loss_and_a_finite_gradient()
    {
        var student = DeltaLossCase.TeacherMean().requires_grad_();
        var loss = Frobenius(FrobeniusReduction.Paper).Loss(student, DeltaLossCase.TeacherMean());
        loss.backward();
        Assert.Equal(0f, loss.item<float>());
        Assert.True(student.grad!.isfinite().all().item<bool>());
    }

    [Fact]
    public void More_blocks_than_teacher_layers_are_refused()
    {
        var error = Assert.Throws<InvalidInputException>(
            () => Frobenius(FrobeniusReduction.Ratio).LayerLoss(DeltaLossCase.StudentBlocks(), DeltaLossCase.TeacherLayers()[..2]));
        Assert.Contains("student.blocks is 3", error.Message);
    }

    private static float Loss(AlignmentSpec spec, Tensor? lengths, float inPadding)
    {
        var alignment = new HiddenStateAlignment(spec);
        var (student, teacher) = (DeltaLossCase.StudentBlocks(), DeltaLossCase.TeacherLayers());
        foreach (var state in student)
        {
            state[1].narrow(0, 7, 4).add_(inPadding);
        }
        return (alignment.NeedsLayers
            ? alignment.LayerLoss(student, teacher, lengths)
            : alignment.Loss(student[^1], stack(teacher, 0).mean([0L]), lengths)).item<float>();
    }
}
