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
    [InlineData("jsonl", "8ebea26d9fa6599c8d46be6f8e2d3b35")]
    [InlineData("parquet", "fbd967fdff79177927c89496222eb7bc")]
    public async Task A_dataset_has_the_id_that_it_always_had(string name, string id) => Assert.Equal(id, (await PlanAsync(name)).Plan.DatasetId);

    [Theory]
    [InlineData("defaults", "dd37d6846883c640c38936ed0fb90e33")]
    [InlineData("jsonl", "a06e9833456a4041695882f077ae283d")]
    [InlineData("parquet", "d44e9024cddbada5562fc038ba9f2690")]
    public async Task Teacher_outputs_have_the_id_that_they_always_had(string name, string id) =>
        Assert.Equal(id, (await PlanAsync(name)).Plan.TeacherOutputsId);

    [Theory]
    [InlineData("defaults", StudentVariant.Distilled, "119b7314ab365792d19dfc5a423d8271ea05d1fff35ee8997fd9de48cbaa25cc")]
    [InlineData("defaults", StudentVariant.WithoutTeacher, "b4289fa7f6a46e4dba238674743aa319eac98ce12fa1d801c09d41e89123b419")]
    [InlineData("jsonl", StudentVariant.Distilled, "6b545177dfcd5e48044f5971ad4bd880891ed8d37d023bdc7d84c0bef308f23c")]
    [InlineData("jsonl", StudentVariant.WithoutTeacher, "2a2fe4a5db1e01422de3d89594ab2e0a3f9c535c78821dda2d4ee3ff8b20c0a7")]
    [InlineData("parquet", StudentVariant.Distilled, "b74128592639516414297dfe6fd522b9aff6b3c5a11bf1e584b520882c8bc81c")]
    [InlineData("parquet", StudentVariant.WithoutTeacher, "f9636acd8704f991d231358083e416672929b52d8c173b29c982477268b6af86")]
    public async Task Weights_have_the_identity_that_they_always_had(string name, StudentVariant variant, string identity)
    {
        var (spec, plan) = await PlanAsync(name);
        Assert.Equal(identity, Identities.Weights(spec, plan.Student, plan.DatasetId, plan.TeacherOutputsId, variant));
    }

    private async Task<(RunSpec Spec, RunPlan Plan)> PlanAsync(string name)
    {
        var spec = GoldenSpecifications.Read(name, _folder.Path);
        return (spec, await new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(
            spec, TestContext.Current.CancellationToken));
    }
}
