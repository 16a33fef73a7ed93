using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Stored artifacts are found by these ids: if a literal changes here, no existing dataset, teacher output or checkpoint is found any more.</summary>
public sealed class IdentitiesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public IdentitiesTests() => GoldenSpecifications.WriteFiles(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("defaults", "8b7c1a910f2f7241a398455e81d4166c")]
    [InlineData("jsonl", "fe29b4fcb860c068ef298a7f18cc537d")]
    [InlineData("parquet", "b7f886956f6bd1ee0db9f883b2baa36e")]
    public async Task A_dataset_has_the_id_that_it_always_had(string name, string id) => Assert.Equal(id, (await PlanAsync(name)).Plan.DatasetId);

    [Theory]
    [InlineData("defaults", "dd37d6846883c640c38936ed0fb90e33")]
    [InlineData("jsonl", "0747eef434202393cbe894a6f8b850a9")]
    [InlineData("parquet", "4895be991d8ce0f1915067541ba6b8bf")]
    public async Task Teacher_outputs_have_the_id_that_they_always_had(string name, string id) =>
        Assert.Equal(id, (await PlanAsync(name)).Plan.TeacherOutputsId);

    [Theory]
    [InlineData("defaults", StudentVariant.Distilled, "119b7314ab365792d19dfc5a423d8271ea05d1fff35ee8997fd9de48cbaa25cc")]
    [InlineData("defaults", StudentVariant.WithoutTeacher, "b4289fa7f6a46e4dba238674743aa319eac98ce12fa1d801c09d41e89123b419")]
    [InlineData("jsonl", StudentVariant.Distilled, "85d48f2e326489152e894550f846cbe8ba0a40d5a81b2423fc94f0667be55deb")]
    [InlineData("jsonl", StudentVariant.WithoutTeacher, "570e9b9f1871d4633210dd6b508f8c21603c3091a9bbc8715bde70668ab5c07b")]
    [InlineData("parquet", StudentVariant.Distilled, "85e80635ea549851150ef2733a6954be97f836cb93d289945cf76719ef9aaf45")]
    [InlineData("parquet", StudentVariant.WithoutTeacher, "35530abcc4b42962587bbadb829b66f3e09a14932fa2c279552b617d69b6914f")]
    public async Task Weights_have_the_identity_that_they_always_had(string name, StudentVariant variant, string identity)
    {
        var (spec, plan) = await PlanAsync(name);
        Assert.Equal(identity, Identities.Weights(spec, plan.Student, plan.Linearised, plan.DatasetId, plan.TeacherOutputsId, variant));
    }

    private async Task<(RunSpec Spec, RunPlan Plan)> PlanAsync(string name)
    {
        var spec = GoldenSpecifications.Read(name, _folder.Path);
        return (spec, await new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(
            spec, TestContext.Current.CancellationToken));
    }
}
