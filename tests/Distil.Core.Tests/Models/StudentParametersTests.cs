using System.Text.Json;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Core.Tests.Runs;

namespace Distil.Core.Tests.Models;

public sealed class StudentParametersTests
{
    [Fact]
    public void Are_the_reference_codes_for_the_papers_configurations()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "paper-parameter-counts.json")));
        Assert.Equal(4, golden.RootElement.GetArrayLength());
        foreach (var expected in golden.RootElement.EnumerateArray())
        {
            int Number(string name) => expected.GetProperty(name).GetInt32();
            var spec = new StudentSpec
            {
                Blocks = Number("num_blocks"),
                SlstmAt = [.. expected.GetProperty("slstm_at").EnumerateArray().Select(block => block.GetInt32())],
                Heads = Number("num_heads"),
                QkvBlockSize = Number("qkv_proj_blocksize"),
                FfnProjFactor = expected.GetProperty("ffn_proj_factor").GetDouble(),
            };
            var teacher = Shapes.Teacher(width: Number("embedding_dim"), heads: Number("num_heads"), vocabulary: Number("vocab_size"));

            var counted = StudentParameters.Of(StudentShape.Of(spec, teacher));

            Assert.Equal((Number("trainable"), Number("frozen"), Number("total")), (counted.Trainable, counted.Frozen, counted.Total));
        }
    }
}
