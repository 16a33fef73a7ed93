using Distil.Azure.ContainerApps;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Azure.Tests.ContainerApps;

public sealed class ContainerAppJobOptionsTests
{
    [Fact]
    public void Reads_the_settings_that_the_deployment_makes()
    {
        var variables = new Dictionary<string, string?> { ["DISTIL_GPU_JOB"] = "g", ["DISTIL_CPU_JOB"] = "c" };

        var options = ContainerAppJobOptions.From(SettingsReader.Read<HostSettings>(variables.GetValueOrDefault));

        Assert.Equal(new ContainerAppJobOptions { GpuJob = "g", CpuJob = "c" }, options);
    }

    [Fact]
    public void Does_without_a_job_for_text() => Assert.Equal("g", new ContainerAppJobOptions { GpuJob = "g" }.For(JobKind.Prepare));

    [Fact]
    public void Names_the_setting_that_is_missing() =>
        Assert.Contains("DISTIL_GPU_JOB", Assert.Throws<InvalidInputException>(() => ContainerAppJobOptions.From(new HostSettings())).Message);
}
