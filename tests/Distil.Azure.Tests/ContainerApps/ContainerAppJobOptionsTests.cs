using Distil.Azure.ContainerApps;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Azure.Tests.ContainerApps;

public sealed class ContainerAppJobOptionsTests
{
    private const string Job = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/distil/providers/Microsoft.App/jobs/job-";

    [Fact]
    public void Reads_the_settings_that_the_deployment_makes()
    {
        Assert.Equal(new ContainerAppJobOptions { GpuJob = Job + "g", CpuJob = Job + "c" }, Read(Job + "g", Job + "c"));
    }

    [Fact]
    public void Does_without_a_job_for_text() => Assert.Equal("g", new ContainerAppJobOptions { GpuJob = "g" }.For(JobKind.Prepare));

    [Theory]
    [InlineData("https://elsewhere.example/subscriptions/s/resourceGroups/r/providers/Microsoft.App/jobs/g")]
    [InlineData("//elsewhere.example/subscriptions/s/resourceGroups/r/providers/Microsoft.App/jobs/g")]
    [InlineData("/subscriptions/s/resourceGroups/r/providers/Microsoft.App/containerApps/g")]
    [InlineData("/subscriptions/s/resourceGroups/../providers/Microsoft.App/jobs/g?x")]
    [InlineData("/subscriptions/s/resourceGroups/r/providers/Microsoft.App/jobs/g\n")]
    [InlineData("job-gpu")]
    public void A_job_that_is_no_resource_id_is_refused_by_its_setting(string job)
    {
        Assert.Contains("DISTIL_GPU_JOB is ", Assert.Throws<InvalidInputException>(() => Read(job, null)).Message, StringComparison.Ordinal);
        Assert.Contains("DISTIL_CPU_JOB is ", Assert.Throws<InvalidInputException>(() => Read(Job + "g", job)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_the_setting_that_is_missing() =>
        Assert.Contains("DISTIL_GPU_JOB", Assert.Throws<InvalidInputException>(() => ContainerAppJobOptions.From(new HostSettings())).Message);

    private static ContainerAppJobOptions Read(string gpu, string? cpu) => ContainerAppJobOptions.From(SettingsReader.Read<HostSettings>(
        new Dictionary<string, string?> { ["DISTIL_GPU_JOB"] = gpu, ["DISTIL_CPU_JOB"] = cpu }.GetValueOrDefault));
}
