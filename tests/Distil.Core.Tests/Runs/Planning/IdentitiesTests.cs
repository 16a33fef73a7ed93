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
    [InlineData("defaults", StudentVariant.Distilled, "56aee56be83f64bd4ee7b4ed59df550feeee5f93581332dc2ac10ece0b79d7fa")]
    [InlineData("defaults", StudentVariant.WithoutTeacher, "d639b8f9f434fe5be7c17efbfd81924b643588f3de5e94db115ac26322683647")]
    [InlineData("jsonl", StudentVariant.Distilled, "5e3b6d025b97f99da43a07aacfac4449a0215629232ffd382423ac2c0635625e")]
    [InlineData("jsonl", StudentVariant.WithoutTeacher, "794d68fcf7d97469e5d4074cb577b2db98e94353b52ec50d4fee5e82af5e6200")]
    [InlineData("parquet", StudentVariant.Distilled, "dd612029630ac39c11e693e011ee9f0be454a1d19a0f7632dd90afb3ab1d4213")]
    [InlineData("parquet", StudentVariant.WithoutTeacher, "b321d716242d9bb34e00cc4c5354d7c5817415a698d9abab5cb53d699e21060b")]
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
