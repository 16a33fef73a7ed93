using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Inference.ChatTemplates;

namespace Distil.Inference.Tests.ChatTemplates;

public sealed class ChatTemplateTests
{
    /// <summary>What published templates use: macros, namespaces, slices, loop controls, tojson as Python writes it, and variables that may be missing.</summary>
    private const string Published = """
        {%- if messages[0].role == 'system' %}
            {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
        {%- endif %}
        {%- set ns = namespace(last=messages|length - 1) %}
        {%- for message in messages[::-1] %}
            {%- if message.role == "user" %}{%- set ns.last = (messages|length - 1) - loop.index0 %}{%- break %}{%- endif %}
        {%- endfor %}
        {%- macro turn(m) %}{{- '<|im_start|>' + m.role + '\n' + (m.content | trim) + '<|im_end|>\n' }}{%- endmacro %}
        {%- for message in messages %}
            {%- if message.role != 'system' %}{{- turn(message) }}{%- endif %}
            {%- if message.tool_calls %}{{- message.tool_calls | tojson }}{%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{- bos_token + '<|im_start|>assistant\n' }}
            {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}
        {%- endif %}
        {{- ns.last }}
        """;

    private const string Messages = """
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "  Hi “you”\n"},
         {"role": "assistant", "content": "Hello.", "tool_calls": [{"name": "f", "arguments": {"x": 1, "s": "ü"}}]}, {"role": "user", "content": "Why?"}]
        """;

    /// <summary>What Jinja2 3.1.6 renders of them, with trim_blocks, lstrip_blocks and loop controls, as transformers does.</summary>
    private const string Rendered =
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi “you”<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n"
        + "[{\"name\": \"f\", \"arguments\": {\"x\": 1, \"s\": \"ü\"}}]<|im_start|>user\nWhy?<|im_end|>\n<s><|im_start|>assistant\n<think>\n\n</think>\n\n3";

    [Fact]
    public void A_template_gives_what_jinja2_gives()
    {
        var template = Find(("chat_template.jinja", Published), ("tokenizer_config.json", """{"bos_token": {"content": "<s>"}}"""))!;
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(Rendered, template.Render(JsonNode.Parse(Messages)!.AsArray(), true, new() { ["enable_thinking"] = false }));
        }
    }

    [Theory]
    [InlineData("""{"chat_template": "one {{ messages[0].content }}"}""", "one Hi")]
    [InlineData("""{"chat_template": [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "two{{ eos_token }}"}], "eos_token": "!"}""", "two!")]
    public void A_template_may_be_in_the_tokenizers_configuration(string config, string expected) => Assert.Equal(
        expected, Find(("tokenizer_config.json", config))!.Render(JsonNode.Parse("""[{"role": "user", "content": "Hi"}]""")!.AsArray(), false));

    [Theory]
    [InlineData("{% generation %}", "{% endgeneration %}")]
    [InlineData("{%- generation %}\n", "\n{% endgeneration -%}\n")]
    [InlineData("\n  {% generation -%}  ", "  {%- endgeneration %}  \n")]
    [InlineData("\n{%generation%}\n", "{%-endgeneration-%}")]
    public void Generation_marks_are_found_and_change_nothing(string start, string end)
    {
        var template = Find(("chat_template.jinja", $"{{% for m in messages %}}\n  {{{{ m.role }}}}: {start}{{{{ m.content }}}};{end} .\n{{% endfor %}}"))!;
        Assert.True(template.MarksAnswers);
        JsonArray messages = [new JsonObject { ["role"] = "user", ["content"] = "Hi" }, new JsonObject { ["role"] = "assistant", ["content"] = "“Ho”" }];
        var (text, answers) = template.RenderMarked(messages);
        Assert.Equal(template.Render(messages, false), text);
        Assert.Equal(["Hi;", "“Ho”;"], answers.Select(answer => text[answer].Trim()));
    }

    [Fact]
    public void Marks_that_the_text_contains_or_that_have_no_pair_are_an_error()
    {
        var template = Find(("chat_template.jinja", "{% generation %}{{ messages[0].content }}{% endgeneration %}"))!;
        Assert.Contains("do not come in pairs", Assert.Throws<InvalidInputException>(
            () => template.RenderMarked([new JsonObject { ["content"] = "\uFDD0" }])).Message, StringComparison.Ordinal);
        Assert.False(Find(("chat_template.jinja", "{{ 'generation' }}"))!.MarksAnswers);
    }

    [Fact]
    public void A_folder_may_have_none()
    {
        Assert.Null(Find());
        Assert.Null(Find(("tokenizer_config.json", """{"eos_token": "x"}""")));
    }

    [Theory]
    [InlineData("{{ raise_exception('Only two roles.') }}", "Only two roles.")]
    [InlineData("{% for a in range(1000000000) %}{% endfor %}", "cannot render")]
    public void A_template_that_refuses_or_exceeds_a_limit_ends_with_one_error(string template, string message)
    {
        var found = Find(("chat_template.jinja", template))!;
        var error = Assert.Throws<InvalidInputException>(() => found.Render([], true));
        Assert.Contains(message, error.Message);
        Assert.Contains("chat_template.jinja", error.Message);
    }

    /// <summary>What would exceed the stack: calls, nested expressions, nested blocks and a nested value, each deeper than any real template's.</summary>
    public static TheoryData<string> Deep
    {
        get
        {
            string Many(string text) => string.Concat(Enumerable.Repeat(text, 2_000));
            return
            [
                "{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}{{ again(0) }}",
                $"{{{{ {Many("(")}1{Many(")")} }}}}",
                $"{{{{ {Many("not ")}true }}}}",
                $"{{{{ {Many("[")}{Many("]")} }}}}",
                $"{Many("{% if true %}")}x{Many("{% endif %}")}",
            ];
        }
    }

    [Theory]
    [MemberData(nameof(Deep), DisableDiscoveryEnumeration = true)]
    public void A_template_that_is_too_deep_ends_with_one_error(string template)
    {
        var error = Assert.Throws<InvalidInputException>(() => Find(("chat_template.jinja", template))!.Render([], true));
        Assert.Contains("chat_template.jinja", error.Message);
    }

    [Fact]
    public void A_template_that_is_no_template_and_a_configuration_that_is_no_json_are_refused()
    {
        Assert.Contains("chat_template.jinja", Assert.Throws<InvalidInputException>(() => Find(("chat_template.jinja", "{% if %}"))).Message);
        Assert.Contains("not valid JSON", Assert.Throws<InvalidInputException>(() => Find(("tokenizer_config.json", "{"))).Message);
        Assert.Contains("chat_template is Number", Assert.Throws<InvalidInputException>(() => Find(("tokenizer_config.json", """{"chat_template": 5}"""))).Message);
    }

    private static ChatTemplate? Find(params (string Name, string Text)[] files)
    {
        var folder = Directory.CreateTempSubdirectory("distil-template-").FullName;
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(folder, name), text);
        }

        return ChatTemplate.Find(folder);
    }
}
