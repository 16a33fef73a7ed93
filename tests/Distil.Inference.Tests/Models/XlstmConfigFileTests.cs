using Distil.Core.Errors;
using Distil.Inference.Models;
using Distil.Inference.Tests.Engines;

namespace Distil.Inference.Tests.Models;

public sealed class XlstmConfigFileTests
{
    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var config = XlstmConfigFile.Read(GoldenStudent.Folder) with { Layout = RecurrentLayout.Vanilla, PadTokenId = 3, FeedForwardActivation = "swish" };
        var folder = Directory.CreateTempSubdirectory("distil-xlstm-").FullName;
        XlstmConfigFile.Write(config, folder);
        var again = XlstmConfigFile.Read(folder);
        Assert.Equal(config.SlstmAt, again.SlstmAt);
        Assert.Equal(config, again with { SlstmAt = config.SlstmAt });
        Assert.Equal(["config.json"], Directory.GetFiles(folder).Select(Path.GetFileName).Where(name => !name!.EndsWith(".py", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("\"slstm_at\": [\n   0,\n   2\n  ]", "\"slstm_at\": \"all\"")]
    [InlineData("\"mlstm_block\": {", "\"another_block\": {")]
    public void All_blocks_are_slstm_where_the_config_says_all_or_has_no_mlstm(string from, string to) =>
        Assert.Equal([0, 1, 2, 3], XlstmConfigFile.Read(Changed(from, to)).SlstmAt);

    [Theory]
    [InlineData("\"num_blocks\": 4", "\"num_blocks\": \"four\"", "xlstm_config.num_blocks is \"four\"; expected a whole number")]
    [InlineData("\"num_blocks\": 4", "\"num_blocks\": 2000000000", "xlstm_config.num_blocks is 2000000000; expected a whole number from 1 to 10000")]
    [InlineData("\"num_blocks\": 4,", "", "xlstm_config.num_blocks is missing")]
    [InlineData("\"model_type\": \"xlstm\"", "\"model_type\": \"gpt2\"", "model_type is \"gpt2\"; expected distil_xlstm")]
    [InlineData("\"model_type\": \"xlstm\"", "\"model_type\": \"linearised_xlstm\"", "model_type is \"linearised_xlstm\"; expected distil_xlstm")]
    [InlineData("\"embedding_dim\": 64", "\"embedding_dim\": 66", "slstm_block.slstm.num_heads is 4; expected a divisor of embedding_dim (66)")]
    [InlineData("\"qkv_proj_blocksize\": 16", "\"qkv_proj_blocksize\": 24", "qkv_proj_blocksize is 24; expected a divisor of the inner width (128")]
    [InlineData("   0,\n   2\n", "   0,\n   4\n", "slstm_at is 4; expected blocks from 0 to 3")]
    [InlineData("\"slstm_at\": [\n   0,\n   2\n  ]", "\"slstm_at\": \"some\"", "slstm_at is \"some\"; expected a list of block numbers, or \"all\"")]
    [InlineData("\"bias\": false", "\"bias\": true", "xlstm_config.bias is true; expected false")]
    [InlineData("\"act_fn\": \"gelu\"", "\"act_fn\": \"glu\"", "act_fn is glu; expected gelu, relu")]
    [InlineData("\"backend\": \"cuda\"", "\"backend\": \"triton\"", "backend is \"triton\"; expected cuda or vanilla")]
    [InlineData("\"backend\": \"cuda\"", "\"function\": \"lstm\"", "slstm_block.slstm.function is \"lstm\"; expected \"slstm\"")]
    [InlineData("\"act_fn\": \"gelu\"", "\"ff_type\": \"ffn\"", "slstm_block.feedforward.ff_type is \"ffn\"; expected \"ffn_gated\"")]
    [InlineData("\"xlstm_config\"", "\"lstm_config\"", "xlstm_config is missing")]
    [InlineData("{", "", "cannot be read")]
    public void A_field_that_does_not_fit_is_named(string from, string to, string message)
    {
        var folder = Changed(from, to);
        var error = Assert.Throws<InvalidInputException>(() => XlstmConfigFile.Read(folder));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(Path.Combine(folder, "config.json"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_that_may_matter_and_are_not_read_are_named()
    {
        Assert.Empty(XlstmConfigFile.ReadWhole(GoldenStudent.Folder).Warnings);
        var folder = Changed("\"backend\": \"cuda\"", "\"forward_clipval\": 1.0, \"dtype\": \"bfloat16\", \"initial_val\": null");
        var path = Path.Combine(folder, "config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"dropout\": 0.0", "\"dropout\": 0.0, \"soft_cap\": 30", StringComparison.Ordinal));
        Assert.Equal(
            [$"{path}: xlstm_config.soft_cap, xlstm_config.slstm_block.slstm.forward_clipval: not read, because Distil knows no effect of it"],
            XlstmConfigFile.ReadWhole(folder).Warnings);
    }

    [Fact]
    public void A_folder_without_a_config_is_refused() =>
        Assert.Throws<InvalidInputException>(() => XlstmConfigFile.Read(Directory.CreateTempSubdirectory("distil-xlstm-").FullName));

    private static string Changed(string from, string to)
    {
        var text = File.ReadAllText(Path.Combine(GoldenStudent.Folder, "config.json"));
        var at = text.IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, $"the golden config has no {from}");
        var folder = Directory.CreateTempSubdirectory("distil-xlstm-").FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), text[..at] + to + text[(at + from.Length)..]);
        return folder;
    }
}
