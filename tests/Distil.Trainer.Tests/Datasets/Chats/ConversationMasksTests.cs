using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tokenization;

namespace Distil.Trainer.Tests.Datasets.Chats;

/// <summary>Which tokens of a conversation count.</summary>
public sealed class ConversationMasksTests
{
    private const string TwoTurns = """
        {"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": "One."}, {"role": "user", "content": "B?"}, {"role": "assistant", "content": "Two."}]}
        """;

    private const string Two =
        "<|im_start|>user\nA?<|im_end|>\n<|im_start|>assistant\n[One.<|im_end|>\n]<|im_start|>user\nB?<|im_end|>\n<|im_start|>assistant\n[Two.<|im_end|>\n]<|endoftext|>";

    /// <summary>As Qwen3's: the generation prompt is followed by reasoning, which is left out of all answers but the last.</summary>
    private const string Reasoning =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' and loop.last %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
        + "{{ m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private const string Marked =
        "{%- for m in messages %}\n  {%- if m.role == 'assistant' %}\n    {{- '<|im_start|>assistant\\n' }}\n    {%- generation %}\n"
        + "    {{- m.content }}{{ '<|im_end|>' }}\n    {%- endgeneration %}\n{{ '' }}\n  {%- else %}\n    {{- m.role + ': ' + m.content }}\n  {%- endif %}\n{%- endfor %}";

    [Fact]
    public void Every_answer_counts_with_the_tokens_that_end_it()
    {
        using var chats = new PreparedChats();
        Assert.Equal([Two], chats.Rows(TwoTurns));
        Assert.Equal((1L, 1L), (chats.Counts!.Rows, chats.Counts.Documents.Trained));
        Assert.InRange(chats.Counts.Labels!.Value, 6, chats.Counts.Tokens / 2);
    }

    [Fact]
    public void Training_on_all_tokens_leaves_out_the_first_and_messages_that_say_so()
    {
        using var chats = new PreparedChats(chat: new ChatSpec { Train = TrainedTokens.All });
        Assert.Equal(
            ["<|im_start|>[user\nA?<|im_end|>\n<|im_start|>assistant\nOne.<|im_end|>\n]<|im_start|>user\nB?<|im_end|>\n[<|im_start|>assistant\nTwo.<|im_end|>\n]<|endoftext|>"],
            chats.Rows(TwoTurns.Replace("\"B?\"", "\"B?\", \"loss\": false", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_answer_or_a_part_of_one_may_not_count()
    {
        using var chats = new PreparedChats();
        Assert.Equal(
            [Two.Replace("[One.<|im_end|>\n]", "One.<|im_end|>\n", StringComparison.Ordinal).Replace("[Two.", "[I say]: no. [Two.", StringComparison.Ordinal)],
            chats.Rows(TwoTurns.Replace("\"One.\"", "\"One.\", \"weight\": 0", StringComparison.Ordinal).Replace(
                "\"Two.\"", """[{"type": "text", "text": "I say"}, {"text": ": no. ", "loss": false}, "Two."]""", StringComparison.Ordinal))
                .Select(row => row.Replace("]: no.[ Two.", "]: no. [Two.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_template_that_renders_an_answer_differently_once_more_follows_gives_a_text_for_each()
    {
        using var chats = new PreparedChats(Reasoning, new ChatSpec { Packing = ChatPacking.None });
        Assert.Equal(
            [
                "<|im_start|>user\nA?<|im_end|>\n<|im_start|>assistant\n[<think>\n\n</think>\n\nOne.<|im_end|>\n]<|endoftext|>",
                "<|im_start|>user\nA?<|im_end|>\n<|im_start|>assistant\nOne.<|im_end|>\n<|im_start|>user\nB?<|im_end|>\n<|im_start|>assistant\n"
                + "[<think>\n\n</think>\n\nTwo.<|im_end|>\n]<|endoftext|>",
            ],
            chats.Rows(TwoTurns));
        Assert.Equal(1, chats.Counts!.Documents.Trained);
    }

    [Fact]
    public void A_generation_prompt_may_begin_the_answer_otherwise_than_the_answer_does()
    {
        using var chats = new PreparedChats(PreparedChats.ChatMl.Replace("assistant\\n'", "assistant\\n<think>'", StringComparison.Ordinal));
        Assert.Equal([Two], chats.Rows(TwoTurns));
    }

    [Fact]
    public void An_answer_that_begins_with_another_tag_than_the_prompt_counts_from_its_first_character()
    {
        using var chats = new PreparedChats(PreparedChats.ChatMl.Replace("assistant\\n'", "assistant\\n<think>'", StringComparison.Ordinal));
        Assert.Equal(
            [Two.Replace("One.", "<t>One.", StringComparison.Ordinal)], chats.Rows(TwoTurns.Replace("One.", "<t>One.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_part_that_does_not_count_is_found_in_the_content_and_not_in_the_role_before_it()
    {
        using var chats = new PreparedChats(chat: new ChatSpec { Train = TrainedTokens.All, Packing = ChatPacking.None });
        Assert.Equal(
            ["<|im_start|>[user\nA?<|im_end|>\n<|im_start|>assistant\nAn as]sistant[.<|im_end|>\n]<|endoftext|>"], // " as" begins with a space that counts
            chats.Rows("""
                {"messages": [{"role": "user", "content": "A?"}, {"role": "assistant", "content": ["An ", {"type": "text", "text": "assistant", "loss": false}, "."]}]}
                """));
    }

    [Fact]
    public void Added_tokens_may_take_white_space_with_them()
    {
        var folder = Directory.CreateTempSubdirectory("distil-tests-");
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json"));
        var json = JsonNode.Parse(text)!;
        json["added_tokens"]!.AsArray().Single(token => token!["content"]!.GetValue<string>() == "<|im_end|>")!["rstrip"] = true;
        File.WriteAllText(Path.Combine(folder.FullName, "tokenizer.json"), json.ToJsonString());
        using var chats = new PreparedChats { Tokenizer = HuggingFaceTokenizer.Load(folder.FullName) };
        folder.Delete(recursive: true);

        Assert.Equal([Two.Replace("<|im_end|>\n", "<|im_end|>", StringComparison.Ordinal)], chats.Rows(TwoTurns));
    }

    [Fact]
    public void Generation_marks_decide_if_the_template_has_them()
    {
        using var chats = new PreparedChats(Marked);
        Assert.Equal(
            ["user: A?<|im_start|>assistant\n[One.<|im_end|>]user: B?<|im_start|>assistant\nTwo.<|im_end|><|endoftext|>"],
            chats.Rows(TwoTurns.Replace("\"Two.\"", "\"Two.\", \"loss\": false", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_mask_ends_inside_of_no_character_and_composed_text_keeps_its_places()
    {
        using var chats = new PreparedChats("{% for m in messages %}{{ m.content }}{% endfor %}");
        Assert.Equal(
            ["\u00E9\U0001F98A[\u00E9\U0001F41F\u00FC]<|endoftext|>"],
            chats.Rows("""{"prompt": "e\u0301🦊", "completion": "e\u0301🐟u\u0308"}"""));
    }

    [Fact]
    public void What_a_template_refuses_or_hides_is_an_error_of_its_row()
    {
        using var refusing = new PreparedChats("{{ raise_exception('Only one turn.') }}");
        Assert.Contains("chats.jsonl:1: ", Refused(refusing, TwoTurns), StringComparison.Ordinal);
        using var counting = new PreparedChats("{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}{{ 'x' if add_generation_prompt }}");
        Assert.Contains("chats.jsonl:1: the template renders what is before messages[3] differently", Refused(counting, TwoTurns), StringComparison.Ordinal);
        using var shouting = new PreparedChats(PreparedChats.ChatMl.Replace("message.content", "(message.content | upper)", StringComparison.Ordinal));
        Assert.Contains(
            "chats.jsonl:1: messages[1].content[0] does not count, and the template changes its text",
            Refused(shouting, TwoTurns.Replace("\"One.\"", """[{"text": "One.", "loss": false}, "x"]""", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    private static string Refused(PreparedChats chats, string line) => Assert.Throws<InvalidInputException>(() => chats.Rows(line)).Message;
}
