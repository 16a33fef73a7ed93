using Distil.Azure.MachineLearning;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Infra.Tests.Bicep;

/// <summary>What the runner sends to Azure Machine Learning, checked against the types that Azure publishes.</summary>
public sealed class CommandJobTests
{
    private static readonly Uri Request = new("https://account.blob.core.windows.net/distil/runs/r/jobs/train-001/request.json");

    [Fact]
    public async Task Fits_the_resource_type() => Assert.Empty(await CompileAsync(Job()));

    [Fact]
    public async Task A_field_that_does_not_exist_would_be_seen() => Assert.Contains("shmsize", await CompileAsync(Job().Replace("shmSize", "shmsize")));

    private static string Job() => CommandJob.For(
        new MachineLearningOptions
        {
            Workspace = "w", Environment = "e", Instance = "Standard_ND96isr_H200_v5", Gpus = 8, ClientId = Guid.Empty.ToString(), Spot = true, Telemetry = "t",
        },
        JobKind.Train,
        Request)["properties"]!.ToJsonString();

    private static async Task<string> CompileAsync(string properties)
    {
        using var sources = new BicepSources();
        await File.WriteAllTextAsync(sources["job.json"], properties, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(sources["job.bicep"], $$"""
            resource job 'Microsoft.MachineLearningServices/workspaces/jobs@{{MachineLearningJobRunner.ApiVersion}}' = {
              name: 'mlw-distil/{{CommandJob.NameOf(Request, 2)}}'
              properties: loadJsonContent('job.json')
            }

            """, TestContext.Current.CancellationToken);
        return (await BicepServer.CompileAsync(sources["job.bicep"])).Said;
    }
}
