using Distil.Azure.MachineLearning;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Azure.Tests.MachineLearning;

public sealed class MachineLearningOptionsTests
{
    private static readonly MachineLearningSettings Complete = new()
    {
        Workspace = LocalWorkspace.Path,
        Environment = $"{LocalWorkspace.Path}/environments/distil-trainer/versions/1",
        Instance = "Standard_ND96isr_H200_v5",
        ClientId = Guid.Empty.ToString(),
    };

    [Theory]
    [InlineData("Standard_NC40ads_H100_v5", 1)]
    [InlineData("standard_nc80adis_h100_v5", 2)]
    [InlineData("Standard_ND96isr_H200_v5", 8)]
    public void Knows_how_many_gpus_a_machine_has(string instance, int gpus) => Assert.Equal(gpus, Read(Complete with { Instance = instance }).Gpus);

    [Fact]
    public void Text_is_prepared_on_the_cheaper_machine_if_there_is_one()
    {
        var options = Read(Complete with { CpuInstance = "Standard_E8ds_v5" });
        Assert.Equal("Standard_E8ds_v5", options.InstanceFor(JobKind.Prepare));
        Assert.All([JobKind.Teach, JobKind.Train, JobKind.Evaluate, JobKind.Export], kind => Assert.Equal(Complete.Instance, options.InstanceFor(kind)));
        Assert.Equal(Complete.Instance, Read(Complete).InstanceFor(JobKind.Prepare));
    }

    [Fact]
    public void Each_wrong_setting_is_refused_by_its_name()
    {
        Refuses("DISTIL_ML_WORKSPACE is not set", Complete with { Workspace = null });
        Refuses("DISTIL_ML_WORKSPACE is //elsewhere", Complete with { Workspace = "//elsewhere" + LocalWorkspace.Path });
        Refuses("DISTIL_ML_ENVIRONMENT is " + LocalWorkspace.Path, Complete with { Environment = LocalWorkspace.Path });
        Refuses("DISTIL_ML_INSTANCE is Standard_D2s_v5; expected one of Standard_NC4as_T4_v3", Complete with { Instance = "Standard_D2s_v5" });
        Refuses("DISTIL_ML_INSTANCE is not set", Complete with { Instance = null });
        Refuses("DISTIL_ML_CLIENT_ID is me; expected a client id", Complete with { ClientId = "me" });
        Refuses("DISTIL_ML_HOURS is 0; expected a number from 1 to 720", Complete with { Hours = "0" });
        Refuses("DISTIL_ML_TIER is cheap; expected standard or spot", Complete with { Tier = "cheap" });
    }

    private static void Refuses(string message, MachineLearningSettings settings) =>
        Assert.StartsWith(message, Assert.Throws<InvalidInputException>(() => Read(settings)).Message, StringComparison.Ordinal);

    private static MachineLearningOptions Read(MachineLearningSettings settings) => MachineLearningOptions.From(new HostSettings { MachineLearning = settings });
}
