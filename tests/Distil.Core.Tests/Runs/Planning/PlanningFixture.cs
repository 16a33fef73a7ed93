using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>A tiny teacher and a text, and plans of runs over them.</summary>
public abstract class PlanningFixture : IDisposable
{
    private protected const int SourceBytes = 80_000;

    private protected PlanningFixture()
    {
        TinyTeacher.Write(Path.Combine(Folder.Path, "teacher"));
        Folder.Write("text.txt", new string('a', SourceBytes));
    }

    private protected TemporaryFolder Folder { get; } = new();

    /// <inheritdoc/>
    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected Task<RunPlan> PlanAsync(int contextLength = 64, string training = """{ "epochs": 3, "gradientAccumulation": 2 }""") =>
        PlanOfAsync(Spec(contextLength, training));

    private protected static Task<RunPlan> PlanOfAsync(RunSpec spec) =>
        new RunPlanner(new FixedTime(), SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(spec, Cancel);

    private protected RunSpec Spec(int contextLength = 64, string training = "{}") => RunSpecReader.Parse(
        $$"""
        {
          "name": "tales",
          "teacher": { "path": "teacher" },
          "dataset": { "sources": ["text.txt"], "contextLength": {{contextLength}}, "shardTokens": 10000 },
          "training": {{training}},
        }
        """,
        "spec.json", Folder.Path);

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 24, 1, 2, 3, TimeSpan.Zero);
    }
}
