using System.Text.Json.Serialization;
using Distil.Core.Specification;

namespace Distil.Core.Artifacts.Kinds;

/// <summary>A student of another run, which a run merges with others: its weights are not among the artifacts that the run can rebuild.</summary>
/// <param name="RunId">The run that trained it.</param>
/// <param name="Epoch">Its last epoch, from 0.</param>
/// <param name="Identity">The hash of everything that determines its weights; a checkpoint with another is refused.</param>
/// <param name="Share">λ, its share of the mean: above 0 and below 1.</param>
[ConstructedJson]
public sealed record Expert(string RunId, int Epoch, string Identity, double Share)
{
    /// <value>Its weights.</value>
    [JsonIgnore]
    public Weights Weights =>
        new RunArtifacts(RunId, new TeacherOutputs("", new Dataset("", Shards: 0)), Offline: false, [StudentVariant.Distilled], Epoch + 1)
            .Weights(StudentVariant.Distilled, Epoch);
}
