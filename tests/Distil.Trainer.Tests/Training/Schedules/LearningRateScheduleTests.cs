using Distil.Trainer.Training.Schedules;

namespace Distil.Trainer.Tests.Training.Schedules;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Rises_in_equal_steps_to_the_peak_then_falls_along_half_a_cosine()
    {
        var schedule = LearningRateSchedule.WithRatio(2e-3, 0.1, 40);
        Assert.Equal([5e-4, 1e-3, 1.5e-3, 2e-3], Enumerable.Range(0, 4).Select(step => schedule.At(step)), Close);
        Assert.Equal(2e-3, schedule.At(4), 12);
        Assert.Equal(1e-3, schedule.At(22), 12);
        Assert.Equal(0.5 * 2e-3 * (1 + Math.Cos(Math.PI * 35 / 36)), schedule.At(39), 12);
    }

    [Fact]
    public void Without_warm_up_starts_at_the_peak() => Assert.Equal(1.0, new LearningRateSchedule(1.0, 0, 10).At(0));

    [Fact]
    public void Is_zero_after_the_last_step() => Assert.Equal(0, new LearningRateSchedule(1.0, 2, 10).At(11), 12);

    private static bool Close(double a, double b) => Math.Abs(a - b) < 1e-12;
}
