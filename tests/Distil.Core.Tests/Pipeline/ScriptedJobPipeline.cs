using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;

namespace Distil.Core.Tests.Pipeline;

/// <summary>The pipeline of one job over storage in memory, whose jobs end as a test says.</summary>
public abstract class ScriptedJobPipeline : IAsyncLifetime
{
    private readonly InMemoryBlobService _service = new();

    private protected ScriptedJobPipeline()
    {
        Store = _service.OpenStore();
        Jobs = new ScriptedJobs(Store);
        Context = new InProcessContext(new ActivityCatalog(Store, Jobs), "run");
    }

    private protected ArtifactStore Store { get; }

    private protected ScriptedJobs Jobs { get; }

    private protected InProcessContext Context { get; }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var spec = new RunSpec { Name = "a", Teacher = new TeacherSpec { Path = "/t" }, Dataset = new DatasetSpec { Sources = ["/x"] } };
        await new RunFolder(Store).CreateAsync(spec, Plans.Of("run", 1));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _service.Dispose();
        return ValueTask.CompletedTask;
    }

    private protected Task<JobOutcome> RunAsync(int retries = 3) =>
        JobPipeline.RunAsync(Context, new JobSpec
        {
            RunId = "run",
            JobId = "train-001",
            Makes = Plans.Artifacts("run").Weights(StudentVariant.Distilled, 0),
            Retries = retries,
        });
}
