using Distil.Trainer.Evaluation;

namespace Distil.Trainer.Tests.Evaluation;

public sealed class DecodeBenchmarkTests
{
    [Fact]
    public void Measures_both_models_until_the_teachers_context_ends()
    {
        using var student = new DecayModel(23, 6, seed: 1);
        using var teacher = new DecayModel(23, 10, seed: 2);
        var benchmark = new DecodeBenchmark(new DecodeBenchmarkOptions { Tokens = 4, PrefillTokens = 5 });

        var rows = benchmark.Compare(student, teacher, teacherMaxContext: 20, [4, 16, 17], TestContext.Current.CancellationToken);

        Assert.Equal([4, 16, 17], rows.Select(row => row.ContextLength));
        Assert.Equal([false, false, true], rows.Select(row => row.BeyondTeachersContext));
        Assert.All(rows, row => Assert.True(row.Student.TokensPerSecond > 0 && row.Student.StateBytes == 24));
        Assert.Equal([40L, 40L, null], rows.Select(row => row.Teacher?.StateBytes));
    }

    [Fact]
    public void A_student_alone_is_measured_alone()
    {
        using var student = new DecayModel(23, 6, seed: 1);
        var benchmark = new DecodeBenchmark(new DecodeBenchmarkOptions { Tokens = 1 });
        var row = Assert.Single(benchmark.Compare(student, null, null, [3], TestContext.Current.CancellationToken));
        Assert.Null(row.Teacher);
        Assert.False(row.BeyondTeachersContext);
    }
}
