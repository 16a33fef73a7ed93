using System.Text.Json.Nodes;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Trainer.Models.Xlstm;

namespace Distil.Trainer.Tests.Models.Xlstm;

public sealed class XlstmConfigTests
{
    [Fact]
    public void A_students_tensors_are_as_many_as_its_plan_counts()
    {
        StudentSpec[] specs =
        [
            new(),
            new() { Blocks = 5, SlstmAt = [], ConvKernel = 3, QkvBlockSize = 16, ProjFactor = 1.3 },
            new() { Blocks = 2, SlstmAt = [0, 1], Heads = 8, FfnProjFactor = 1.1 },
        ];
        foreach (var spec in specs)
        {
            var shape = StudentShape.Of(spec, Teacher(width: 96, heads: 4, vocabulary: 131));
            var config = XlstmConfig.Of(shape, spec, contextLength: 64);
            Assert.Equal((shape.InnerWidth, shape.FeedForwardWidth), (config.MlstmInnerWidth, config.FeedForwardWidth));
            Assert.Equal(StudentParameters.Of(shape).Trainable, XlstmParameter.Of(config).Sum(parameter => parameter.Count));
        }
    }

    [Fact]
    public void The_papers_students_have_the_reference_codes_tensors()
    {
        var cases = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "paper-parameter-counts.json")))!.AsArray();
        Assert.NotEmpty(cases);
        foreach (var expected in cases)
        {
            var heads = (int)expected!["num_heads"]!;
            var spec = new StudentSpec
            {
                Blocks = (int)expected["num_blocks"]!,
                SlstmAt = [.. expected["slstm_at"]!.AsArray().Select(block => (int)block!)],
                Heads = heads,
                QkvBlockSize = (int)expected["qkv_proj_blocksize"]!,
                FfnProjFactor = (double)expected["ffn_proj_factor"]!,
            };
            var teacher = Teacher((int)expected["embedding_dim"]!, heads, (int)expected["vocab_size"]!);
            var config = XlstmConfig.Of(StudentShape.Of(spec, teacher), spec, contextLength: 512);
            Assert.Equal((long)expected["trainable"]!, XlstmParameter.Of(config).Sum(parameter => parameter.Count));
        }
    }

    private static TeacherShape Teacher(int width, int heads, int vocabulary) =>
        new() { ModelType = "qwen2", Layers = 1, HiddenSize = width, Heads = heads, VocabularySize = vocabulary, MaxPositions = 512, From = "a test" };
}
