using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Torch;
using Distil.Trainer.Tests.Distillation;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class TeacherOutputsFileTests : IDisposable
{
    private const int S = 16, V = 300, D = 8, Rows = 6;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"distil-{Guid.NewGuid():n}.bin");

    private static readonly ExtractionSettings Settings = new() { InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true };

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Rows_come_back_in_any_order_as_they_were_written()
    {
        var written = Write();
        using var file = TeacherOutputsFile.Open(_path);
        Assert.Equal(Rows, file.Rows);
        Assert.Equal(Rows * S, file.Tokens);

        var rows = new long[] { 4, 0, 5 };
        using var read = file.ReadRows(rows, CPU);

        foreach (var (i, row) in rows.Index())
        {
            for (var position = 0; position < S; position++)
            {
                var expected = Kept(written, row * S + position);
                var actual = Kept(read, i * S + position);
                Assert.Equal(expected.Keys, actual.Keys);
                Assert.All(expected, kept => Assert.Equal(kept.Value, actual[kept.Key], 0.05f));
            }

            Assert.True(written.TailLogSumExp.narrow(0, row * S, S).allclose(read.TailLogSumExp.narrow(0, i * S, S), rtol: 0, atol: 6e-4));
            Assert.True(written.MeanHidden![row].allclose(read.MeanHidden![i], rtol: 1e-3, atol: 1e-4));
        }
    }

    [Fact]
    public void Padding_is_not_stored_and_comes_back_as_a_certain_token()
    {
        Write([S, 5, S, 0, S, S]);
        using var file = TeacherOutputsFile.Open(_path);
        Assert.Equal(4 * S + 5, file.Tokens);
        using var read = file.ReadRows([1, 3], CPU);
        var at = read.At(1.5);
        Assert.Equal(0f, at.KeptLog[5, 0].item<float>());
        Assert.True(at.KeptLog.exp().sum(-1).add(at.TailLog.exp()).sub(1).abs().max().item<float>() < 1e-5);
        Assert.Equal(0f, read.MeanHidden![1].abs().max().item<float>());
    }

    [Fact]
    public void Draws_come_back_with_their_counts_and_nearly_with_their_weights()
    {
        using var scope = NewDisposeScope();
        var settings = Settings with { Keep = new() { TopP = 0.5, MaxTokens = 20, TailDraws = 9 }, MeanHidden = false };
        var written = Heads.Sparse(randn([2, S, V], generator: new Generator(3)) * 3, eye(V), settings, tensor(new long[] { S, 5 }));
        using (var writer = new TeacherOutputsWriter(_path, TeacherOutputsHeader.For(settings, S, V, 0)))
        {
            writer.Append(written, [S, 5]);
            writer.Complete();
        }

        Assert.Equal(2, File.ReadAllBytes(_path)[8]); // the version
        using var file = TeacherOutputsFile.Open(_path);
        var read = file.ReadRows([0, 1], CPU);
        for (var position = 0; position < 2 * S; position++)
        {
            var (expected, actual) = (DrawsOf(written, position), DrawsOf(read, position));
            Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
            Assert.All(expected, draw => Assert.Equal(draw.Value.Count, actual[draw.Key].Count));
            Assert.All(expected, draw => Assert.Equal(1, actual[draw.Key].Weight / draw.Value.Weight, 0.05));
            Assert.Equal(position is < S + 5 ? 9 : 0, actual.Values.Sum(draw => draw.Count));
        }
    }

    [Theory]
    [InlineData(HiddenForm.Int8, 2 + D, 0.01)]
    [InlineData(HiddenForm.Int4, 2 + (D / 2), 0.2)]
    public void Hidden_states_in_fewer_bits_are_read_back(HiddenForm form, int bytes, double tolerance)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var settings = Settings with { Keep = new() { HiddenForm = form } };
        var targets = Targets();
        using (var writer = new TeacherOutputsWriter(_path, TeacherOutputsHeader.For(settings, S, V, D)))
        {
            writer.Append(targets, [S, 3, .. Enumerable.Repeat(S, Rows - 2)]);
            writer.Complete();
        }

        Assert.Equal(3, File.ReadAllBytes(_path)[8]); // the version
        using var file = TeacherOutputsFile.Open(_path);
        Assert.Equal(bytes, file.HiddenBytesPerToken);
        var read = file.ReadRows([1, 0], CPU).MeanHidden!;
        var largest = targets.MeanHidden!.abs().max().item<float>();
        Assert.True(targets.MeanHidden[0].allclose(read[1], rtol: 0, atol: tolerance * largest));
        Assert.True(targets.MeanHidden[1].narrow(0, 0, 3).allclose(read[0].narrow(0, 0, 3), rtol: 0, atol: tolerance * largest));
        Assert.Equal(0f, read[0].narrow(0, 3, S - 3).abs().max().item<float>());
        Assert.NotEqual(0f, read[1].abs().max().item<float>());
    }

    [Fact]
    public void A_file_without_draws_is_of_the_first_version()
    {
        Write();
        var bytes = File.ReadAllBytes(_path);
        Assert.Equal(1, bytes[8]);
        bytes[8] = 2; // has nothing of it
        File.WriteAllBytes(_path, bytes);
        Assert.Contains("says what no writer writes", Assert.Throws<InvalidInputException>(ReadAll).Message);
    }

    private static Dictionary<long, (float Count, float Weight)> DrawsOf(TeacherTargets targets, long position)
    {
        var (weights, slots) = (targets.DrawWeights()!, targets.TokenIds.shape[1] - targets.DrawSlots);
        return Enumerable.Range(0, (int)targets.DrawSlots).Where(i => targets.Draws![position, i].item<float>() > 0).ToDictionary(
            i => targets.TokenIds[position, slots + i].item<long>(), i => (targets.Draws![position, i].item<float>(), weights[position, i].item<float>()));
    }

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        Write();
        var bytes = File.ReadAllBytes(_path);
        var random = new Random(5);
        for (var trial = 0; trial < 300; trial++)
        {
            var changed = (byte[])bytes.Clone();
            var at = trial < 64 ? trial : trial < 128 ? bytes.Length - 1 - (trial - 64) : random.Next(bytes.Length);
            changed[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(_path, changed);
            Assert.Contains(_path, Assert.Throws<InvalidInputException>(ReadAll).Message);
        }
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        Write();
        var bytes = File.ReadAllBytes(_path);
        for (var length = 0; length < bytes.Length; length += 97)
        {
            File.WriteAllBytes(_path, bytes[..length]);
            Assert.Contains(_path, Assert.Throws<InvalidInputException>(ReadAll).Message);
        }
    }

    [Fact]
    public void Another_version_is_named()
    {
        Write();
        var bytes = File.ReadAllBytes(_path);
        bytes[8] = 9;
        File.WriteAllBytes(_path, bytes);
        Assert.Contains("format version 9; this program reads versions 1 to 3", Assert.Throws<InvalidInputException>(ReadAll).Message);
    }

    [Fact]
    public void A_missing_file_is_named() => Assert.Contains("there is no such file", Assert.Throws<InvalidInputException>(ReadAll).Message);

    [Fact]
    public void What_is_not_completed_leaves_nothing()
    {
        using (var writer = new TeacherOutputsWriter(_path, TeacherOutputsHeader.For(Settings, S, V, D)))
        {
            writer.Append(Targets());
        }
        Assert.False(File.Exists(_path));
        Assert.False(File.Exists(_path + ".partial"));
    }

    private static TeacherTargets Targets()
    {
        var generator = new Generator(11);
        return Heads.Sparse(randn([Rows, S, V], generator: generator) * 3, eye(V), Settings, null) with
        {
            MeanHidden = randn([Rows, S, D], generator: generator),
        };
    }

    private TeacherTargets Write(params int[] lengths)
    {
        var targets = Targets();
        using var writer = new TeacherOutputsWriter(_path, TeacherOutputsHeader.For(Settings, S, V, D));
        writer.Append(targets, lengths);
        writer.Complete();
        return targets;
    }

    private void ReadAll()
    {
        using var file = TeacherOutputsFile.Open(_path);
        using var targets = file.ReadRows([.. Enumerable.Range(0, (int)file.Rows).Select(row => (long)row)], CPU);
    }

    private static SortedDictionary<long, float> Kept(TeacherTargets targets, long position)
    {
        var kept = new SortedDictionary<long, float>();
        foreach (var (id, log) in targets.TokenIds[position].data<long>().Zip(targets.LogProbabilities[position].data<float>()))
        {
            if (!float.IsNegativeInfinity(log))
            {
                kept.Add(id, log);
            }
        }

        return kept;
    }
}
