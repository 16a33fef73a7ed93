using Distil.Core.Artifacts;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>The teacher's stored outputs, read row by row from mapped files.</summary>
internal sealed class StoredTargets : ITargetSource, IDisposable
{
    private readonly List<TeacherOutputsFile?> _shards = [];
    private readonly Device _device;

    private StoredTargets(Device device) => _device = device;

    /// <summary>Opens the outputs of all shards.</summary>
    public static async Task<StoredTargets> OpenAsync(JobContext job)
    {
        var manifest = await job.Store.ReadJsonAsync<TeacherOutputsManifest>(ArtifactLayout.TeacherOutputsManifest(job.Request.TeacherOutputsId), job.Stop);
        var targets = new StoredTargets(job.Device);
        try
        {
            foreach (var shard in manifest.Shards)
            {
                targets._shards.Add(shard.File is { } file ? TeacherOutputsFile.Open(await job.GetTeacherOutputsAsync(file, shard.Index)) : null);
            }

            return targets;
        }
        catch
        {
            targets.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public TargetSizes Sizes => _shards.FirstOrDefault(shard => shard is not null)?.Header is { } header ? new(header.MaxTokens, header.InverseTemperatures.Count) : default;

    /// <inheritdoc />
    public BatchTargets Read(MicroBatch rows, TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        var outputs = _shards[rows.Shard]!.ReadRows(rows.Rows, _device);
        foreach (var part in new[] { outputs.TokenIds, outputs.LogProbabilities, outputs.TailLogSumExp, outputs.MeanHidden })
        {
            part?.DetachFromDisposeScope();
        }

        return new BatchTargets(outputs, Layers: null);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var shard in _shards)
        {
            shard?.Dispose();
        }
    }
}
