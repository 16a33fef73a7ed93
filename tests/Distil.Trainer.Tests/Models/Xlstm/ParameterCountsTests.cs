using System.Text.Json.Nodes;
using Distil.Trainer.Models.Xlstm;

namespace Distil.Trainer.Tests.Models.Xlstm;

public sealed class ParameterCountsTests
{
    [Fact]
    public void Counts_equal_the_papers_configurations()
    {
        var cases = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "paper-parameter-counts.json")))!.AsArray();
        Assert.NotEmpty(cases);
        foreach (var expected in cases)
        {
            var heads = (int)expected!["num_heads"]!;
            var counts = ParameterCounts.Of(new XlstmConfig
            {
                VocabularySize = (int)expected["vocab_size"]!,
                ContextLength = 512,
                Blocks = (int)expected["num_blocks"]!,
                Width = (int)expected["embedding_dim"]!,
                SlstmAt = [.. expected["slstm_at"]!.AsArray().Select(block => (int)block!)],
                MlstmHeads = heads,
                SlstmHeads = heads,
                QkvBlockSize = (int)expected["qkv_proj_blocksize"]!,
                FeedForwardProjFactor = (double)expected["ffn_proj_factor"]!,
            });
            Assert.Equal((long)expected["trainable"]!, counts.Trainable);
            Assert.Equal((long)expected["frozen"]!, counts.Frozen);
            Assert.Equal((long)expected["total"]!, counts.Total);
            Assert.Equal((double)expected["trainable_percent"]!, counts.TrainablePercent, 6);
        }
    }
}
