using System.Text.RegularExpressions;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;
using Distil.Core.Settings;
using Distil.Functions.Hosting;

namespace Distil.Functions.Tests.Hosting;

public sealed class HostChoicesTests
{
    [Fact]
    public void In_azure_jobs_are_container_apps_and_artifacts_a_container()
    {
        var settings = Read(artifacts: "https://account.blob.core.windows.net/distil");
        Assert.Equal((JobPlatform.ContainerApps, "/distil"), (settings.Platform(), settings.Container()!.AbsolutePath));
    }

    [Fact]
    public void On_a_machine_of_ones_own_they_are_processes() => Assert.Equal(JobPlatform.Processes, Read(jobs: "processes").Platform());

    [Fact]
    public void They_can_be_jobs_of_a_workspace() => Assert.Equal(JobPlatform.MachineLearning, Read(jobs: "machine-learning").Platform());

    [Theory]
    [InlineData(null, null, 8L << 30)]
    [InlineData(null, "2000", 2_000_000_000_000)]
    [InlineData("machine-learning", "0.5", 500_000_000L)]
    [InlineData("machine-learning", null, null)]
    [InlineData("processes", null, null)]
    public void The_disk_of_a_replica_is_known_and_others_are_told(string? jobs, string? disk, long? bytes) =>
        Assert.Equal(bytes, new HostSettings { Jobs = jobs, Sources = new SourceSettings { JobDisk = disk } }.JobDiskBytes());

    [Fact]
    public void The_jobs_are_told_the_disk_with_which_the_host_plans()
    {
        var told = File.ReadAllText(Workspace.Find().RepositoryFile("infra", "bicep", "modules", "jobs.bicep"));
        var disk = Regex.Match(told, $"'{SourceSettings.JobDiskVariable}', value: '([0-9.]+)'").Groups[1].Value;
        Assert.Equal(new HostSettings().JobDiskBytes(), new SourceSettings { JobDisk = disk }.JobDiskBytes);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("8 GB")]
    public void A_disk_that_is_no_number_is_bad_input(string disk) => Assert.StartsWith(
        $"DISTIL_JOB_DISK is {disk}; expected a number", Assert.Throws<InvalidInputException>(() => new HostSettings { Sources = new SourceSettings { JobDisk = disk } }.JobDiskBytes()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://account.blob.core.windows.net/distil", null, "DISTIL_ARTIFACTS", "https")]
    [InlineData("distil", null, "DISTIL_ARTIFACTS", "distil")]
    [InlineData(null, "kubernetes", "DISTIL_JOBS", "kubernetes")]
    public void What_is_neither_is_bad_input(string? artifacts, string? jobs, params string[] words)
    {
        var settings = Read(artifacts, jobs);
        var message = Assert.Throws<InvalidInputException>(() => (settings.Platform(), settings.Container())).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    private static HostSettings Read(string? artifacts = null, string? jobs = null) => new() { Artifacts = artifacts, Jobs = jobs };
}
