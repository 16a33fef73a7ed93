using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Jobs;

/// <summary>What all jobs of a run read (<c>runs/{runId}/definitions/{address}.json</c>). It is stored once, and requests name it by the hash of its bytes.</summary>
public sealed record JobDefinition : IPipelineDocument
{
    /// <inheritdoc/>
    public int Version { get; init; } = DocumentVersion.Pipeline;

    /// <value>The run's specification, with local paths made absolute.</value>
    public required RunSpec Spec { get; init; }

    /// <value>The teacher's shape.</value>
    public required TeacherShape Teacher { get; init; }

    /// <value>Location of the teacher.</value>
    public required ModelLocation TeacherLocation { get; init; }

    /// <value>The shape of a student of kind xlstm; null for another.</value>
    public StudentShape? Student { get; init; }

    /// <value>The shape of a linearised student; null for another.</value>
    public LinearisedShape? Linearised { get; init; }

    /// <value>The text that the plan found, to compare with what was read; null if it is not known.</value>
    public PlannedText? Text { get; init; }

    /// <value>The files of the tasks as the plan found them; null without tasks.</value>
    public IReadOnlyList<SourceFile>? Tasks { get; init; }

    /// <value>Bytes of one of the run's checkpoints, for which a train job leaves room on its disk.</value>
    public long CheckpointBytes { get; init; }

    /// <summary>Stores it, unless it is there.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>Its address, for requests.</returns>
    public async Task<string> StoreAsync(ArtifactStore store, string runId, CancellationToken cancel = default)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(this, DistilJson.Indented);
        var address = Convert.ToHexStringLower(SHA256.HashData(content));
        await store.TryCreateJsonAsync(ArtifactLayout.JobDefinition(runId, address), content, cancel);
        return address;
    }

    /// <summary>Reads the one that a request names.</summary>
    /// <exception cref="ArtifactException">It is missing or damaged.</exception>
    /// <exception cref="Errors.InvalidInputException">It is of another version.</exception>
    public static async Task<JobDefinition> ReadAsync(ArtifactStore store, JobRequest request, CancellationToken cancel = default)
    {
        var blob = ArtifactLayout.JobDefinition(request.RunId, request.Definition);
        var content = Encoding.UTF8.GetBytes(await store.TryReadTextAsync(blob, cancel) ?? throw ArtifactException.Missing(blob));
        var found = Convert.ToHexStringLower(SHA256.HashData(content));
        return found == request.Definition
            ? DocumentVersion.Read<JobDefinition>(blob, content)!
            : throw ArtifactException.WrongChecksum(new ArtifactFile(blob, content.Length, request.Definition), found);
    }
}
