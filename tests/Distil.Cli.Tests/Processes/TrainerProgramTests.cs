using Distil.Core;
using Distil.Hosting.Processes;

namespace Distil.Cli.Tests.Processes;

public sealed class TrainerProgramTests
{
    [Theory]
    [InlineData(null, "10000")]
    [InlineData(0.0, "10000")]
    [InlineData(4.0, "10000")]
    [InlineData(4.1, "1000")]
    public void Torchs_threads_wait_briefly_for_each_other_and_shorter_on_a_busy_machine(double? load, string spins)
    {
        var environment = new Dictionary<string, string?>();
        TrainerProgram.LimitSpinning(environment, load, cores: 2);
        Assert.Equal(new Dictionary<string, string?> { ["GOMP_SPINCOUNT"] = spins }, environment);
    }

    [Theory]
    [InlineData("GOMP_SPINCOUNT")]
    [InlineData("OMP_WAIT_POLICY")]
    public void What_the_user_has_set_is_left_alone(string variable)
    {
        var environment = new Dictionary<string, string?> { [variable] = "7" };
        TrainerProgram.LimitSpinning(environment, load: 100, cores: 2);
        Assert.Equal(new Dictionary<string, string?> { [variable] = "7" }, environment);
    }

    [Fact]
    public void A_worker_has_the_limit()
    {
        using var temporary = new TemporaryWorkspace();
        var worker = new TrainerProgram(typeof(TrainerProgramTests).Assembly.Location).Worker("UseDevelopmentStorage=true", temporary.Workspace.Cache);
        Assert.True(worker.Environment.ContainsKey("GOMP_SPINCOUNT") || worker.Environment.ContainsKey("OMP_WAIT_POLICY"));
    }

    [Fact]
    public void The_load_of_this_machine_is_read_where_the_system_says_it() => Assert.Equal(OperatingSystem.IsLinux(), Machine.Load >= 0);
}
