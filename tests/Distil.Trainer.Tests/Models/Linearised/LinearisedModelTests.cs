using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised;

public sealed class LinearisedModelTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public static TheoryData<string> Families => ["qwen2-tiny", "qwen3-tiny", "llama-tiny"];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Families))]
    public void With_a_window_over_the_whole_text_and_no_memory_it_is_its_teacher(string name)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var golden = new GoldenCase(name);
        using var teacher = TransformerModel.Load(golden.Folder, CPU);
        using var student = Students.Create(Students.ShapeOf(name, window: (int)golden.InputIds.shape[1]), name);
        student.Branch = Branch.Window;

        Assert.InRange(
            GoldenCase.RelativeError(Students.Logits(student, golden.InputIds), teacher.Forward(golden.InputIds).matmul(teacher.HeadWeight.t())), 0, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Decoding_in_any_pieces_equals_the_whole_text(string name)
    {
        foreach (var (window, sinks, features) in new[]
                 {
                     (0, 0, FeatureMap.Softmax), (1, 0, FeatureMap.Softmax), (5, 2, FeatureMap.Both), (16, 4, FeatureMap.Softmax), (40, 3, FeatureMap.Softmax),
                 })
        {
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            using var golden = new GoldenCase(name);
            using var student = Students.Create(Students.ShapeOf(name, window, sinks, features), name);
            var ids = cat([golden.InputIds, golden.InputIds], 1);
            var whole = student.Forward(ids);
            foreach (var pieces in new int[][] { [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 1, 9, 1, 1, 20, 1], [30, 2, 1, 1] })
            {
                using var state = student.StartDecoding((int)ids.shape[0]);
                var bytes = state.Bytes;
                foreach (var piece in pieces)
                {
                    var last = student.Decode(ids.narrow(1, state.Position, piece), state);
                    Assert.InRange(GoldenCase.RelativeError(last, whole.select(1, state.Position - 1)), 0, 2e-5);
                }

                Assert.Equal(bytes, state.Bytes);
            }
        }
    }

    [Fact]
    public void Its_state_has_the_bytes_of_the_formula()
    {
        var shape = Students.ShapeOf("qwen2-tiny", window: 5, sinks: 2, FeatureMap.Both);
        var (config, batch) = (shape.Transformer, 3);
        using var student = Students.Create(shape, "qwen2-tiny");
        using var state = student.StartDecoding(batch);
        long d = config.HeadSize, features = 2 * d;
        var memory = config.Layers * config.Heads * ((features * d) + features + 1);
        var window = 2 * config.Layers * config.KeyValueHeads * d * (5 + 2);
        Assert.Equal(sizeof(float) * batch * (memory + window), state.Bytes);
        Assert.Equal(batch * Core.Models.LinearisedParameters.Of(shape).StateBytes(sizeof(float)), state.Bytes);
    }

    [Fact]
    public void A_copied_state_continues_as_the_original()
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase("qwen3-tiny");
        using var student = Students.Create(Students.ShapeOf("qwen3-tiny", window: 5), "qwen3-tiny");
        var ids = golden.InputIds;
        using var state = (LinearisedDecodingState)student.StartDecoding((int)ids.shape[0]);
        student.Decode(ids.narrow(1, 0, 9), state);
        using var copy = state.Copy();
        student.Decode(ids.narrow(1, 3, 6), state); // the copy must not notice
        var continued = student.Decode(ids.narrow(1, 9, 5), copy);
        using var again = student.StartDecoding((int)ids.shape[0]);
        student.Decode(ids.narrow(1, 0, 9), again);
        Assert.Equal(student.Decode(ids.narrow(1, 9, 5), again).bytes.ToArray(), continued.bytes.ToArray());
    }

    [Fact]
    public void Layers_that_keep_attention_are_the_teachers()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var golden = new GoldenCase("qwen2-tiny");
        var layers = TransformerConfigOf("qwen2-tiny").Layers;
        using var teacher = TransformerModel.Load(golden.Folder, CPU);
        using var student = Students.Create(Students.ShapeOf("qwen2-tiny", window: 0, keep: [.. Enumerable.Range(0, layers - 1)]), "qwen2-tiny");
        var (_, own) = student.ForwardWithLayers(golden.InputIds);
        var (_, others) = teacher.ForwardWithLayers(golden.InputIds);                        // [0] is the embedding's
        Assert.InRange(GoldenCase.RelativeError(own[layers - 2], others[layers - 1]), 0, 1e-6);

        var whole = student.Forward(golden.InputIds);
        using var state = student.StartDecoding(2);
        foreach (var piece in (int[])[4, 1, 6, 1])
        {
            Assert.InRange(
                GoldenCase.RelativeError(student.Decode(golden.InputIds.narrow(1, state.Position, piece), state), whole.select(1, state.Position - 1)), 0, 2e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_saved_student_gives_the_same_logits(string name)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var golden = new GoldenCase(name);
        using var student = Students.Create(Students.ShapeOf(name, window: 6, sinks: 1, FeatureMap.Both, keep: [0]), name);
        student.Save(_folder.FullName);
        using var loaded = Assert.IsType<LinearisedModel>(LanguageModelLoader.Load(_folder.FullName, CPU));

        Assert.Equal(student.Shape with { KeepAttention = [] }, loaded.Shape with { KeepAttention = [] });
        Assert.Equal(student.Shape.KeepAttention, loaded.Shape.KeepAttention);
        Assert.Equal(Students.Logits(student, golden.InputIds).bytes.ToArray(), Students.Logits(loaded, golden.InputIds).bytes.ToArray());
    }

    [Fact]
    public void A_saved_tensor_that_the_config_has_no_place_for_is_refused()
    {
        using var student = Students.Create(Students.ShapeOf("qwen2-tiny", window: 4), "qwen2-tiny");
        student.Save(_folder.FullName);
        LinearisedConfigFile.Write(_folder.FullName, student.Shape with { OutputGate = false });
        var refused = Assert.Throws<InvalidInputException>(() => LanguageModelLoader.Load(_folder.FullName, CPU));
        Assert.Contains("contains model.layers.0.self_attn.mlstm.output_gate.bias, for which config.json has no place", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Padding_and_other_rows_change_nothing()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var golden = new GoldenCase("llama-tiny");
        using var student = Students.Create(Students.ShapeOf("llama-tiny", window: 4), "llama-tiny");
        var whole = student.Forward(golden.InputIds);
        var shorter = student.Forward(golden.InputIds.narrow(1, 0, 10));
        Assert.InRange(GoldenCase.RelativeError(whole.narrow(1, 0, 10), shorter), 0, 1e-5);
        Assert.InRange(GoldenCase.RelativeError(student.Forward(golden.InputIds.narrow(0, 1, 1)), whole.narrow(0, 1, 1)), 0, 1e-5);
    }

    [Fact]
    public void Embedding_and_head_are_trained_only_if_that_is_asked_for()
    {
        foreach (var (name, trained) in new[] { ("qwen2-tiny", false), ("qwen2-tiny", true), ("llama-tiny", true) })
        {
            using var scope = NewDisposeScope();
            using var golden = new GoldenCase(name);
            using var student = Students.Create(Students.ShapeOf(name, window: 4), name, trainEmbedding: trained);
            Students.Logits(student, golden.InputIds).logsumexp(-1).sum().backward();
            Assert.All(student.TrainableParameters, parameter => Assert.True(parameter.Value.grad!.isfinite().all().item<bool>(), parameter.Name));
            Assert.Equal(trained, student.HeadWeight.requires_grad);
            Assert.Equal(trained, student.TrainableParameters.Any(parameter => parameter.Name == "model.embed_tokens.weight"));
        }
    }

    [Fact]
    public void The_mean_share_of_the_memory_is_the_gates_start()
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase("qwen2-tiny");
        var shape = Students.ShapeOf("qwen2-tiny", window: 4);
        using var student = LinearisedModel.Create(shape, golden.Folder, Students.Start, trainEmbedding: false, CPU);
        Assert.All(student.MeanShares(golden.InputIds), share => Assert.Equal(0.1, share, 1e-6));
        Assert.Equal(shape.Transformer.Layers, student.MeanShares(golden.InputIds).Count);
    }

    private static TransformerConfig TransformerConfigOf(string name) => TransformerConfigFile.Read($"Golden/{name}");
}
