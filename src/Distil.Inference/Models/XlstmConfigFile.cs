using System.Text.Json;
using System.Text.Json.Nodes;
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
        if (!File.Exists(path))
        {
            throw new InvalidInputException($"{path}: no such file");
        }

        try
        {
            var root = JsonNode.Parse(File.ReadAllBytes(path));
            ConfigDocument.Read(path); // requires Unicode everywhere, also in what is not read here
            return Read(path, root);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException) // not Unicode, or a duplicate name
        {
            throw new InvalidInputException($"{path}: not valid JSON: {error.Message}", error);
        }
    }

    private static (XlstmConfig Config, IReadOnlyList<string> Warnings) Read(string path, JsonNode? root)
    {
        var file = new XlstmConfigSection(path, "", root as JsonObject ?? throw new InvalidInputException($"{path}: expected a JSON object"));
        var type = file.Text("model_type", ModelType);
        if (!IsStudent(type))
        {
            throw new InvalidInputException($"{path}: model_type is {type}; expected {ModelType}");
        }

        var config = Stack(file, file.Has("xlstm_config") ? file.Within("xlstm_config") : file.Within("xlstm_cfg", "xlstm_config"));
        config.Validate(path);
        if (type == ModelType)
        {
            RequireSame(file, ("vocab_size", config.VocabularySize), ("hidden_size", config.Width), ("num_hidden_layers", config.Blocks));
        }

        file.Ignore(WithoutEffect);
        return (config, ConfigDocument.WarningOf(path, file.Unread));
    }

    // Python reads these: two readers must not see two students.
    private static void RequireSame(XlstmConfigSection file, params ReadOnlySpan<(string Field, int Value)> own)
    {
        foreach (var (field, value) in own)
        {
            if (file.Number(field, value) is var stated && stated != value)
            {
                throw file.Refused(field, stated, $"{value}, as xlstm_config says");
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

    private static XlstmConfig Stack(XlstmConfigSection file, XlstmConfigSection stack)
    {
        stack.RefuseUnless("bias", false);
        stack.RefuseUnless("add_post_blocks_norm", true);
        var blocks = stack.Number("num_blocks");
        var mlstm = stack.Has("mlstm_block") ? stack.Within("mlstm_block").Within("mlstm") : null;
        var slstm = stack.Has("slstm_block") ? stack.Within("slstm_block").Within("slstm") : null;
        var feedForward = stack.Has("slstm_block") ? stack.Within("slstm_block").Within("feedforward") : null;
        slstm?.RefuseUnless("function", "slstm");
        slstm?.RefuseUnless("group_norm_weight", true);
        feedForward?.RefuseUnless("ff_type", "ffn_gated");
        foreach (var part in new[] { mlstm, feedForward })
        {
            part?.RefuseUnless("round_proj_up_dim_up", true);
            if (part?.Number("round_proj_up_to_multiple_of", 64) is { } multiple and not 64)
            {
                throw part.Refused("round_proj_up_to_multiple_of", multiple, "64");
            }
        }

        return new()
        {
            VocabularySize = stack.Number("vocab_size"),
            ContextLength = stack.Number("context_length"),
            Blocks = blocks,
            Width = stack.Number("embedding_dim"),
            SlstmAt = mlstm is null ? [.. Enumerable.Range(0, blocks)] : stack.BlockList("slstm_at", blocks),
            MlstmHeads = mlstm?.Number("num_heads", 4) ?? 4,
            MlstmConvKernel = mlstm?.Number("conv1d_kernel_size", 4) ?? 4,
            QkvBlockSize = mlstm?.Number("qkv_proj_blocksize", 4) ?? 4,
            MlstmProjFactor = mlstm?.Real("proj_factor", 2) ?? 2,
            SlstmHeads = slstm?.Number("num_heads", 4) ?? 4,
            SlstmConvKernel = slstm?.Number("conv1d_kernel_size", 4) ?? 4,
            FeedForwardProjFactor = feedForward?.Real("proj_factor", 1.3) ?? 1.3,
            FeedForwardActivation = feedForward?.Text("act_fn", "gelu") ?? "gelu",
            Layout = slstm?.Text("backend", "cuda") switch
            {
                null or "cuda" => RecurrentLayout.Cuda,
                "vanilla" => RecurrentLayout.Vanilla,
                var other => throw slstm!.Refused("backend", other, "cuda or vanilla"),
            },
            PadTokenId = file.Has("pad_token_id") ? file.Number("pad_token_id") : null,
            TieWeights = stack.Flag("tie_weights", false),
        };
    }
}
