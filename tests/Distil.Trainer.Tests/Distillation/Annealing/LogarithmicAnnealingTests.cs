using System.Text.Json;
using Distil.Core.Specification;
using Distil.Trainer.Distillation.Annealing;

namespace Distil.Trainer.Tests.Distillation.Annealing;

public sealed class LogarithmicAnnealingTests
{
    private static ScheduleSpec Schedule(JsonElement golden, EpochDecay decay) => new()
    {
        From = golden.GetProperty("initial").GetDouble(),
        To = golden.GetProperty("final").GetDouble(),
        Delta = golden.GetProperty("delta").GetDouble(),
        Decay = decay,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Follows_the_papers_curve_for_fifty_steps_of_eight_epochs(int which)
    {
        var golden = DeltaLossCase.Expected.GetProperty("schedules")[which];
        var annealing = new LogarithmicAnnealing(Schedule(golden, EpochDecay.Constant));
        var epochs = golden.GetProperty("paper_constant_decay");
        Assert.Equal(8, epochs.GetArrayLength());
        foreach (var (epoch, values) in epochs.EnumerateArray().Index())
        {
            Assert.Equal(50, values.GetArrayLength());
            foreach (var (step, value) in values.EnumerateArray().Index())
            {
                Assert.Equal(value.GetDouble(), annealing.At(epoch, step), 1e-12);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Follows_the_authors_codes_curve_and_ends_an_epoch_at_the_next_ones_start(int which)
    {
        var golden = DeltaLossCase.Expected.GetProperty("schedules")[which];
        var annealing = new LogarithmicAnnealing(Schedule(golden, EpochDecay.Relative));
        foreach (var (epoch, values) in golden.GetProperty("authors_code_relative_decay").EnumerateArray().Index())
        {
            // Their callback sets the next epoch's starting value at the end of an epoch: the 51st entry.
            Assert.Equal(51, values.GetArrayLength());
            foreach (var (step, value) in values.EnumerateArray().Take(50).Index())
            {
                Assert.Equal(value.GetDouble(), annealing.At(epoch, step), 1e-12);
            }
            Assert.Equal(values[50].GetDouble(), annealing.At(epoch + 1, 0), 1e-12);
        }
    }

    [Theory]
    [InlineData(EpochDecay.Constant)]
    [InlineData(EpochDecay.Relative)]
    public void Never_passes_its_final_value(EpochDecay decay)
    {
        var annealing = new LogarithmicAnnealing(new() { From = 0.8, To = 0.5, Delta = 0.3, Decay = decay });
        Assert.Equal(0.5, annealing.At(100, 0));
        Assert.InRange(annealing.At(0, long.MaxValue - 1), 0.5, 0.51);
    }
}
