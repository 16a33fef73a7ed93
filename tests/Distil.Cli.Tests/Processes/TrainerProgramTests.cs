using Distil.Hosting.Processes;

namespace Distil.Cli.Tests.Processes;

public sealed class TrainerProgramTests
{
    [Fact]
    public void Threads_of_the_trainer_wait_without_keeping_a_core_from_others()
    {
        var environment = new TrainerProgram(typeof(TrainerProgramTests).Assembly.Location).Command(["work"]).Environment;
        Assert.Equal(
            ("passive", "0", "0"), (environment["OMP_WAIT_POLICY"], environment["GOMP_SPINCOUNT"], environment["KMP_BLOCKTIME"]));
    }
}
