using Distil.Core.Models;
using Distil.Inference.Tests.Engines;

namespace Distil.Inference.Tests.Chat;

/// <summary>A folder with a random student, the tiny tokenizer and a chat template as small models have one.</summary>
internal static class ChatStudent
{
    private const string Template = """
        {%- for message in messages %}{{ '<' + message.role + '>' + message.content + '\n' }}{% endfor -%}
        {%- if add_generation_prompt %}{{ '<assistant>' }}{% endif -%}
        """;

    /// <summary>Writes the folder.</summary>
    /// <param name="template">Whether it has the template.</param>
    /// <param name="linearised">The shape of a linearised student, whose vocabulary is replaced; null for the paper's.</param>
    internal static string Write(bool template = true, LinearisedShape? linearised = null)
    {
        var folder = linearised is null
            ? RandomStudent.Write(RandomStudent.Small with { VocabularySize = 1024, Width = 64 })
            : RandomLinearised.Write(linearised with { Transformer = linearised.Transformer with { VocabularySize = 1024 } });
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
        if (template)
        {
            File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), Template);
        }

        return folder;
    }
}
