using System.Text.Json;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Tests.Engines;
using Distil.Trainer.Tests;

namespace Distil.Onnx.Tests;

/// <summary>What forms of the weights cost in ONNX Runtime, whose int8 products also round their inputs: the sample's teacher as a student.</summary>
public sealed class TrainedStudentTests : IDisposable
{
    private const int Rows = 8, Length = 128;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-onnx-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Int8_costs_no_more_than_a_thousandth_of_the_cross_entropy_and_a_hundredth_of_the_first_choices()
    {
        var teacher = Repository.Sample("stories", "teacher");
        var config = TransformerConfigFile.Read(teacher);
        WriteStudent(teacher);
        var text = File.ReadAllText(Repository.Sample("stories", "eval.txt"))[..20_000];
        int[] tokens = [.. HuggingFaceTokenizer.Load(teacher).Encode(text, cancel: TestContext.Current.CancellationToken).Take(Rows * Length)];
        Assert.Equal(Rows * Length, tokens.Length);

        var (exact, int8) = (Measure(WeightForm.Fp32, tokens), Measure(WeightForm.Int8, tokens));
        Assert.InRange(exact.CrossEntropy, 0.1, 0.8); // it is trained
        Assert.InRange(Math.Abs(int8.CrossEntropy / exact.CrossEntropy - 1), 0, 1e-3);
        Assert.InRange(exact.Best.Zip(int8.Best).Count(pair => pair.First == pair.Second) / (double)exact.Best.Count, 0.99, 1);
        Assert.NotEqual(exact.CrossEntropy, int8.CrossEntropy); // it is rounded
    }

    /// <summary>The teacher with a window that covers the text in the first layer, whose memory has no part in the mix.</summary>
    private void WriteStudent(string teacher)
    {
        var config = TransformerConfigFile.Read(teacher);
        var shape = new LinearisedShape { Transformer = config, ContextLength = 256, Window = 256, KeepAttention = [.. Enumerable.Range(1, config.Layers - 1)] };
        LinearisedConfigFile.Write(_folder.FullName, shape);
        string inherited = "model-00001-of-00002.safetensors", added = "model-00002-of-00002.safetensors";
        File.Copy(Path.Combine(teacher, "model.safetensors"), Path.Combine(_folder.FullName, inherited));
        var (mixer, own) = (MixerTensors.Of(shape).ToList(), _folder.CreateSubdirectory("own").FullName);
        RandomWeights.Write(own, mixer.Select(tensor => (tensor.Name, tensor.Shape, 0.0, MixerTensors.NameOf(tensor) == MixerTensors.MixBias ? -30.0 : 0)), seed: 1, bfloat16: false);
        File.Move(Path.Combine(own, "model.safetensors"), Path.Combine(_folder.FullName, added));
        var files = TransformerTensors.Of(config).ToDictionary(tensor => tensor.Name, _ => inherited);
        mixer.ForEach(tensor => files.Add(tensor.Name, added));
        File.WriteAllText(Path.Combine(_folder.FullName, "model.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = files }));
    }

    private (double CrossEntropy, List<int> Best) Measure(WeightForm form, int[] tokens)
    {
        var folder = _folder.CreateSubdirectory(form.ToString()).FullName;
        OnnxStudent.Write(_folder.FullName, form, folder);
        using var session = new Session(folder);
        var (sum, count, best) = (0.0, 0, new List<int>());
        foreach (var row in tokens.Chunk(Length))
        {
            session.Restart();
            var logits = session.Read(row, keep: 0);
            var width = logits.Length / Length;
            for (var i = 0; i < Length - 1; i++)
            {
                var of = logits.AsSpan(i * width, width).ToArray();
                var largest = of.Max();
                sum += largest + Math.Log(of.Sum(logit => Math.Exp(logit - largest))) - of[row[i + 1]];
                best.Add(Array.IndexOf(of, largest));
                count++;
            }
        }

        return (sum / count, best);
    }
}
