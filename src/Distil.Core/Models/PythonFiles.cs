using System.Text.Json.Nodes;

namespace Distil.Core.Models;

/// <summary>The Python code that travels in a student's folder, so that Hugging Face's transformers can load it with <c>trust_remote_code</c>.</summary>
/// <remarks>https://huggingface.co/docs/transformers/custom_models: <c>auto_map</c> of config.json names the classes.</remarks>
public static class PythonFiles
{
    private static readonly string[] Shared = ["mlstm_cell.py", "student_generation.py"];

    /// <summary>The value of <c>auto_map</c> for a kind of student.</summary>
    /// <param name="modelType">The kind's <c>model_type</c>, snake_case: the files are named after it, and its classes in PascalCase.</param>
    public static JsonObject AutoMap(string modelType) => new()
    {
        ["AutoConfig"] = $"configuration_{modelType}.{ClassPrefix(modelType)}Config",
        ["AutoModel"] = $"modeling_{modelType}.{ClassPrefix(modelType)}Model",
        ["AutoModelForCausalLM"] = $"modeling_{modelType}.{Architecture(modelType)}",
    };

    /// <summary>The name of the class with the head, for <c>architectures</c>.</summary>
    public static string Architecture(string modelType) => $"{ClassPrefix(modelType)}ForCausalLM";

    /// <summary>Writes the files of a kind into a folder; existing ones are replaced.</summary>
    public static void Write(string folder, string modelType)
    {
        foreach (var name in (string[])[$"configuration_{modelType}.py", $"modeling_{modelType}.py", .. Shared])
        {
            using var source = typeof(PythonFiles).Assembly.GetManifestResourceStream(name)!;
            using var text = new StreamReader(source);
            AtomicFile.WriteText(Path.Combine(folder, name), text.ReadToEnd());
        }
    }

    private static string ClassPrefix(string modelType) => string.Concat(modelType.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
