namespace Distil.Core.Artifacts.Kinds;

/// <summary>An input of a job that is missing or damaged.</summary>
/// <param name="Artifact">The artifact.</param>
/// <param name="Part">The part; null if the artifact's own closing document is missing or damaged.</param>
public sealed record MissingInput(Artifact Artifact, int? Part = null);
