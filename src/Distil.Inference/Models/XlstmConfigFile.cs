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

        var config = XlstmConfigReader.Read(file.Object("xlstm_config") ?? file.Object("xlstm_cfg") ?? throw file.Wrong("xlstm_config", "an object")) with
        {
            PadTokenId = file.Has("pad_token_id") ? file.Count("pad_token_id", least: 0) : null,
        };
        config.Validate(path);
        if (type == ModelType)
        {
            RequireSame(file, ("vocab_size", config.VocabularySize), ("hidden_size", config.Width), ("num_hidden_layers", config.Blocks));
        }

        file.Ignore(XlstmConfigReader.WithoutEffect);
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
}
