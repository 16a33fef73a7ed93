using Distil.Core.Specification;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Chats;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Rows;

/// <summary>The same conversations as rows of one each, packed with borders between them, and packed without.</summary>
internal sealed class IsolatedFiles : IDisposable
{
    internal const int Context = 24;

    /// <summary>Each length once, so that it names a conversation.</summary>
    private static readonly int[] Lengths = [24, 5, 9, 3, 12, 1, 17, 8, 2, 20, 6, 11, 4];

    private readonly TemporaryFolder _folder = new();
    private readonly int _vocabulary;

    internal IsolatedFiles(int vocabulary)
    {
        _vocabulary = vocabulary;
        var random = new Random(5);
        LabelledTokens[] conversations = [.. Lengths.Select(length => new LabelledTokens(
            [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))], [.. Enumerable.Range(0, length).Select(i => i > 0 && random.Next(4) > 0)]))];
        Alone = Write("alone", conversations, RowsForm.Masks, ChatPacking.None);
        Isolated = Write("isolated", conversations, RowsForm.Documents, ChatPacking.Whole);
        Joined = Write("joined", conversations, RowsForm.Masks, ChatPacking.Whole);
    }

    /// <value>One conversation a row, its rest padding.</value>
    internal string Alone { get; }

    /// <value>Rows of several, with their starts.</value>
    internal string Isolated { get; }

    /// <value>The same rows without them: later conversations read earlier ones.</value>
    internal string Joined { get; }

    /// <summary>Opens a file's rows as a training reads them.</summary>
    internal static OpenShard Open(string rows, string? targets = null)
    {
        using var file = TokenRows.Open(rows);
        return new(new OneShard(new(file.Rows, rows, targets)));
    }

    /// <summary>All rows of a file as one micro-batch.</summary>
    internal static MicroBatch All(OpenShard shard) => new(0, [.. Enumerable.Range(0, (int)shard.RowsOfShards[0]).Select(row => (long)row)]);

    /// <summary>Stores a teacher's outputs for a file's rows.</summary>
    internal string Teach(string path, TeacherExtractor extractor, ExtractionSettings settings, int width)
    {
        using var rows = TokenRows.Open(path);
        using var writer = new TeacherOutputsWriter($"{path}.outputs", TeacherOutputsHeader.For(settings, Context, _vocabulary, width));
        TaughtRows.Store(rows, extractor, writer, batchRows: 3, CPU, _ => { });
        writer.Complete();
        return $"{path}.outputs";
    }

    /// <summary>What is stored before each token of a conversation that counts: log-probabilities by token and the mean state, in the order of the conversations'
    /// lengths and of their tokens.</summary>
    internal static List<(SortedDictionary<long, float> Logs, float[] State)> Stored(string path, string outputs, ExtractionSettings settings)
    {
        using var scope = NewDisposeScope();
        using var shard = Open(path, outputs);
        var part = All(shard);
        var batches = new StoredRows(shard, CPU).Read(part);
        var found = new List<(int Length, int Position, SortedDictionary<long, float> Logs, float[] State)>();
        foreach (var (batch, targets) in batches.Zip(new StoredTargets(shard, settings, CPU).Read(part, batches)))
        {
            var (width, slots) = ((int)batch.InputIds.shape[1], (int)targets.Outputs.TokenIds.shape[1]);
            var mean = targets.Outputs.MeanHidden!;
            for (var row = 0; row < batch.Rows; row++)
            {
                var length = Lengths.Order().Last(length => length <= width && IsHere(batch, row, length));
                for (var at = 0; at < width; at++)
                {
                    if (batch.Counted![row, at].item<float>() > 0)
                    {
                        var place = (row * width + at) * slots;
                        found.Add((length, at, new(Enumerable.Range(place, slots).Where(slot => float.IsFinite(targets.Outputs.LogProbabilities.data<float>()[slot]))
                            .ToDictionary(slot => targets.Outputs.TokenIds.data<long>()[slot], slot => targets.Outputs.LogProbabilities.data<float>()[slot])),
                            [.. mean[row, at].data<float>()]));
                    }
                }
            }
        }

        return [.. found.OrderBy(each => each.Length).ThenBy(each => each.Position).Select(each => (each.Logs, each.State))];

        bool IsHere(TokenBatch batch, int row, int length)
        {
            using var alone = TokenRows.Open(Path.Combine(Path.GetDirectoryName(path)!, "alone"));
            var ids = new long[Context];
            return alone.ReadRow(Array.IndexOf(Lengths, length), ids) == length
                && batch.InputIds[row].narrow(0, 0, length).data<long>().ToArray().AsSpan().SequenceEqual(ids.AsSpan(0, length));
        }
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, LabelledTokens[] conversations, RowsForm form, ChatPacking packing)
    {
        using var writer = new TokenRowsWriter(_folder[name], Context, _vocabulary, form);
        var packer = new ConversationPacker(writer.WriteRow, Context, packing, endOfText: null);
        foreach (var conversation in conversations)
        {
            packer.Add(new(conversation));
        }

        packer.Flush();
        writer.Complete();
        return _folder[name];
    }

    private sealed class OneShard(ShardCopy copy) : IShardFiles
    {
        public IReadOnlyList<long> RowsOfShards => [copy.Rows];

        public ShardCopy Take(int shard) => copy;

        public void EndWaits()
        {
        }
    }
}
