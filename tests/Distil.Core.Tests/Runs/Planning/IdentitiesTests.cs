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
    [InlineData("defaults", "47acfa7d4ebbbdda7b406951928e610b")]
    [InlineData("jsonl", "aa69e09bbf8f6e42ea85af266ec58356")]
    [InlineData("parquet", "593e44cc706c7c66d50fabb06443cdef")]
    public async Task A_dataset_has_the_id_that_it_always_had(string name, string id) => Assert.Equal(id, (await PlanAsync(name)).Plan.DatasetId);

    [Theory]
    [InlineData("defaults", "594fce1ca05d960f26dbf78f812f211e")]
    [InlineData("jsonl", "23d17e0435b2ebedcb074a61ccb03440")]
    [InlineData("parquet", "90dec4ee27ba9df805d67b69a5790a96")]
    public async Task Teacher_outputs_have_the_id_that_they_always_had(string name, string id) =>
        Assert.Equal(id, (await PlanAsync(name)).Plan.TeacherOutputsId);

    [Theory]
    [InlineData("defaults", StudentVariant.Distilled, "482caa26f1039c16cfd032153f0a6a4e27454f2e7e1415e768388fae76ec1632")]
    [InlineData("defaults", StudentVariant.WithoutTeacher, "37847deede089ac2d33cca28eb8edc0febd1a387894b96e33668b0234f596aad")]
    [InlineData("jsonl", StudentVariant.Distilled, "7b987c2f3f75269964f7d88e3345877a2c1b9de464c1c253b2297a4b31233cca")]
    [InlineData("jsonl", StudentVariant.WithoutTeacher, "a992fc3c8405967602e551b2f824d72e2d42c43511f499f6a44089a525860b57")]
    [InlineData("parquet", StudentVariant.Distilled, "f1c5ea0162bc22a356a8cf6a553a6f47c32b16d6ba918ffc11207c4d6f3e8df8")]
    [InlineData("parquet", StudentVariant.WithoutTeacher, "bbdecb5772ef4cec4c20cfbf3e83983d0d174077ed9f6239dfe5b0bf51d201ba")]
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
