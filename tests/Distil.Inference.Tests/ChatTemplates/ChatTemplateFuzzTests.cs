using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Inference.ChatTemplates;

namespace Distil.Inference.Tests.ChatTemplates;

/// <summary>Templates and their settings, from anybody.</summary>
public sealed class ChatTemplateFuzzTests : IDisposable
{
    private const string Template = """
        {%- for m in messages[::-1] %}{%- if m.role == "user" %}{{- '<u>' + m.content | trim + "\n" }}{%- elif loop.last %}{% set x = m.content[1:2] %}{{ x }}
        {%- endif %}{% endfor %}{% macro f(a, b=1) %}{{ a ~ b }}{% endmacro %}{{ f(2) }}{% if add_generation_prompt %}{{ bos_token }}{% endif %}
        """;

    private const string Settings = """
        {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "chat_template": [{"name": "default", "template": "{{ messages[0].content }}"}]}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public Task Templates() => HoldsAsync("chat_template.jinja", Mutations.Of(Encoding.UTF8.GetBytes(Template)));

    [Fact]
    public Task Settings_of_tokenizers() => HoldsAsync(
        "tokenizer_config.json", Gen.OneOf(Mutations.OfJson(Settings).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(Settings))));

    private Task HoldsAsync(string name, Gen<byte[]> inputs) => Hostile.EndsInAsync<InvalidInputException>(inputs, bytes =>
    {
        File.WriteAllBytes(Path.Combine(_folder.FullName, name), bytes);
        JsonArray messages = [new JsonObject { ["role"] = "user", ["content"] = "Hi" }, new JsonObject { ["role"] = "assistant", ["content"] = "Ho" }];
        var template = ChatTemplate.Find(_folder.FullName);
        Assert.True(template is null || template.Render(messages, addGenerationPrompt: true) is not null);
    }, iterations: 15);
}
