using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Safetensors;

namespace Distil.Inference.Models;

/// <summary>A student's config.json, in the authors' layout (github.com/thiomajid/distil_xlstm); their older key <c>xlstm_cfg</c> is read too.</summary>
public static class XlstmConfigFile
{
    /// <summary>The file's name in a model folder.</summary>
    public const string Name = "config.json";

    /// <summary>The <c>model_type</c> of a student. transformers has another architecture under the name <c>xlstm</c>, which earlier versions wrote.</summary>
    public const string ModelType = "distil_xlstm";

    private const string OlderModelType = "xlstm";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Fields of the authors' records for training and generation, and those that the authors' code overwrites with the stack's.</summary>
    private static readonly string[] WithoutEffect =
    [
        "_block_idx", "_block_map", "_inner_embedding_dim", "_name_or_path", "_num_blocks", "_proj_up_dim", "add_embedding_dropout", "architectures", "auto_map",
        "batch_size", "bias", "bias_init", "bos_token_id", "context_length", "dropout", "dtype", "embedding_dim", "enable_automatic_mixed_precision", "eos_token_id",
        "gradient_recurrent_clipval", "gradient_recurrent_cut", "hidden_size", "initializer_range", "num_hidden_layers", "pad_token_id", "recurrent_weight_init",
        "tie_word_embeddings", "torch_dtype", "transformers_version", "use_cache", "vocab_size", "weight_decay_on_embedding",
    ];

    /// <summary>Whether a <c>model_type</c> is that of a student, as written now or earlier.</summary>
    public static bool IsStudent(string modelType) => modelType is ModelType or OlderModelType;

    /// <summary>Reads and checks <c>config.json</c> of a folder.</summary>
    /// <exception cref="InvalidInputException">The file is missing or no JSON, or a field is missing, ill-typed or does not fit; the message names
    /// it.</exception>
    public static XlstmConfig Read(string folder) => ReadWhole(folder).Config;

    /// <summary>Reads <c>config.json</c>, and says in at most one sentence which fields were not read.</summary>
    /// <exception cref="InvalidInputException">As for <see cref="Read(string)"/>.</exception>
    internal static (XlstmConfig Config, IReadOnlyList<string> Warnings) ReadWhole(string folder)
    {
        var path = Path.Combine(folder, Name);
        var file = ConfigDocument.Read(path);
        var type = file.Text("model_type", ModelType);
        if (!IsStudent(type))
        {
            throw file.Wrong("model_type", ModelType);
        }

        var config = Stack(file, file.Object("xlstm_config") ?? file.Object("xlstm_cfg") ?? throw file.Wrong("xlstm_config", "an object"));
        config.Validate(path);
        if (type == ModelType)
        {
            RequireSame(file, ("vocab_size", config.VocabularySize), ("hidden_size", config.Width), ("num_hidden_layers", config.Blocks));
        }

        file.Ignore(WithoutEffect);
        return (config, ConfigDocument.WarningOf(path, file.Unread));
    }

    // Python reads these: two readers must not see two students.
    private static void RequireSame(ConfigDocument file, params ReadOnlySpan<(string Field, int Value)> own)
    {
        foreach (var (field, value) in own)
        {
            if (file.Count(field, value) != value)
            {
                throw file.Wrong(field, $"{value}, as xlstm_config says");
            }
        }
    }

    /// <summary>Writes <c>config.json</c>, completely or not at all, and the Python code that it names; existing files are replaced.</summary>
    /// <param name="config">The student's configuration.</param>
    /// <param name="folder">The student's folder.</param>
    /// <param name="storage">How its weights are written beside it; null for float32.</param>
    public static void Write(XlstmConfig config, string folder, WeightStorage? storage = null)
    {
        PythonFiles.Write(folder, ModelType);
        AtomicFile.WriteText(Path.Combine(folder, Name), XlstmConfigDocument.Of(config, (storage ?? new()).ConfigName).ToJsonString(Indented));
    }

    private static XlstmConfig Stack(ConfigDocument file, ConfigDocument stack)
    {
        stack.RequireNeutral("bias", "false");
        stack.RequireNeutral("add_post_blocks_norm", "true");
        var blocks = stack.Count("num_blocks");
        var (mlstmBlock, slstmBlock) = (stack.Object("mlstm_block"), stack.Object("slstm_block"));
        var (mlstm, slstm, feedForward) = (Part(mlstmBlock, "mlstm"), Part(slstmBlock, "slstm"), Part(slstmBlock, "feedforward"));
        slstm?.RequireNeutral("function", "\"slstm\"");
        slstm?.RequireNeutral("group_norm_weight", "true");
        feedForward?.RequireNeutral("ff_type", "\"ffn_gated\"");
        foreach (var part in (ConfigDocument?[])[stack, mlstmBlock, slstmBlock, mlstm, slstm, feedForward])
        {
            part?.Ignore(WithoutEffect);
        }

        foreach (var part in new[] { mlstm, feedForward })
        {
            part?.RequireNeutral("round_proj_up_dim_up", "true");
            part?.RequireNeutral("round_proj_up_to_multiple_of", "64");
        }

        return new()
        {
            VocabularySize = stack.Count("vocab_size"),
            ContextLength = stack.Count("context_length"),
            Blocks = blocks,
            Width = stack.Count("embedding_dim"),
            SlstmAt = mlstm is null ? [.. Enumerable.Range(0, blocks)] : SlstmAt(stack, blocks),
            MlstmHeads = mlstm?.Count("num_heads", 4) ?? 4,
            MlstmConvKernel = mlstm?.Count("conv1d_kernel_size", 4) ?? 4,
            QkvBlockSize = mlstm?.Count("qkv_proj_blocksize", 4) ?? 4,
            MlstmProjFactor = mlstm?.Number("proj_factor", 2) ?? 2,
            SlstmHeads = slstm?.Count("num_heads", 4) ?? 4,
            SlstmConvKernel = slstm?.Count("conv1d_kernel_size", 4) ?? 4,
            FeedForwardProjFactor = feedForward?.Number("proj_factor", 1.3) ?? 1.3,
            FeedForwardActivation = feedForward?.Text("act_fn", "gelu") ?? "gelu",
            Layout = slstm?.Text("backend", "cuda") switch
            {
                null or "cuda" => RecurrentLayout.Cuda,
                "vanilla" => RecurrentLayout.Vanilla,
                _ => throw slstm!.Wrong("backend", "cuda or vanilla"),
            },
            PadTokenId = file.Has("pad_token_id") ? file.Count("pad_token_id", least: 0) : null,
            TieWeights = stack.Flag("tie_weights", false),
        };
    }

    private static ConfigDocument? Part(ConfigDocument? block, string field) => block is null ? null : block.Object(field) ?? throw block.Wrong(field, "an object");

    private static IReadOnlyList<int> SlstmAt(ConfigDocument stack, int blocks) =>
        !stack.IsText("slstm_at") ? stack.Naturals("slstm_at")
        : stack.Text("slstm_at") == "all" ? [.. Enumerable.Range(0, blocks)]
        : throw stack.Wrong("slstm_at", "a list of block numbers, or \"all\"");
}
