using Distil.Core.Errors;
using Distil.Core.Specification;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;

namespace Distil.Trainer.Tests.Datasets.Chats;

/// <summary>The forms of chat data, from the row to the masked tokens.</summary>
public sealed class ConversationFormsTests
{
    private const string Messages = """{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}""";

    private const string Rendered = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[Hello.<|im_end|>\n]<|endoftext|>";

    [Theory]
    [InlineData(Messages)]
    [InlineData("""{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}]}""")]
    [InlineData("""{"conversations": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}""")]
    [InlineData("""{"prompt": "Hi", "completion": "Hello."}""")]
    [InlineData("""{"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Hello."}]}""")]
    [InlineData("""{"instruction": "Hi", "output": "Hello."}""")]
    [InlineData("""{"instruction": "Hi", "input": "", "output": "Hello.", "messages": null}""")]
    public void Each_form_gives_the_same_row(string line)
    {
        using var chats = new PreparedChats();
        Assert.Equal([Rendered], chats.Rows(line));
    }

    [Fact]
    public void Instructions_have_an_input_and_a_system_message()
    {
        using var chats = new PreparedChats();
        Assert.Equal(
            ["<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nAdd.\n\n1 and 2<|im_end|>\n<|im_start|>assistant\n[3<|im_end|>\n]<|endoftext|>"],
            chats.Rows("""{"system": "Be brief.", "instruction": "Add.", "input": "1 and 2", "output": "3"}"""));
    }

    [Fact]
    public void A_named_field_and_form_win_over_what_else_a_row_has()
    {
        var line = Messages.Replace("\"messages\"", "\"prompt\": \"No\", \"completion\": \"No\", \"dialog\"", StringComparison.Ordinal);
        using var named = new PreparedChats(chat: new ChatSpec { Field = "dialog" });
        Assert.Equal([Rendered], named.Rows(line));
        using var completion = new PreparedChats(chat: new ChatSpec { Form = ChatForm.Completion });
        Assert.Equal(["<|im_start|>user\nNo<|im_end|>\n<|im_start|>assistant\n[No<|im_end|>\n]<|endoftext|>"], completion.Rows(line));
    }

    [Fact]
    public void Tools_and_variables_reach_the_template()
    {
        using var chats = new PreparedChats("{{ tools | tojson }}{{ mood }}|{% for m in messages %}{{ m.role }}:{{ m.content }}{{ m.tool_calls | tojson if m.tool_calls }};{% endfor %}");
        Assert.Equal(
            ["""[{"name": "f"}]calm|user:Hi;[assistant:[{"name": "f"}];]tool:1;[assistant:One.;]<|endoftext|>"""],
            chats.Rows("""
                {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": null, "tool_calls": [{"name": "f"}]},
                {"role": "tool", "content": "1"}, {"role": "assistant", "content": "One."}], "tools": "[{\"name\": \"f\"}]", "chat_template_kwargs": {"mood": "calm"}}
                """.ReplaceLineEndings(" ")));
    }

    [Fact]
    public async Task Parquet_with_lists_of_structures_gives_the_rows_of_JSONL()
    {
        using var chats = new PreparedChats();
        var message = new StructField("element", new DataField<string>("role"), new DataField<string>("content"), new DataField("weight", typeof(int), isNullable: true));
        var schema = new ParquetSchema(new DataField<string>("id"), new ListField("messages", message));
        IDictionary<string, object?> Message(string role, string content, int? weight) => new Dictionary<string, object?>
        {
            ["role"] = role, ["content"] = content, ["weight"] = weight,
        };
        List<IDictionary<string, object?>> rows =
        [
            .. Enumerable.Range(0, 3).Select(i => new Dictionary<string, object?>
            {
                ["id"] = $"{i}",
                ["messages"] = new List<IDictionary<string, object?>>
                {
                    Message("user", "Hi", null), Message("assistant", "No", 0), Message("user", "Why?", null), Message("assistant", $"Così {i}.", 1),
                },
            }),
        ];
        await using (var file = File.Create(chats.At("chats.parquet")))
        {
            await ParquetSerializer.SerializeUntypedAsync(rows, schema, file, new ParquetOptions { RowGroupSize = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        }

        var lines = rows.Select((_, i) => $$$"""
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No", "weight": 0}, {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": "Così {{{i}}}.", "weight": 1}]}
            """.ReplaceLineEndings(" "));
        var expected = chats.Rows([.. lines]);
        Assert.Contains("\n[Così 2.<|im_end|>\n]", expected[0], StringComparison.Ordinal);
        chats.Spec = chats.Spec with { Format = DatasetFormat.Parquet };
        Assert.Equal(expected, chats.RowsOf("chats.parquet"));
    }

    [Fact]
    public async Task Parquet_with_bytes_that_are_not_UTF_8_is_counted()
    {
        using var chats = new PreparedChats();
        var (prompt, completion) = (new DataField<string>("prompt"), new DataField<string>("completion"));
        await using (var file = File.Create(chats.At("chats.parquet")))
        {
            List<IDictionary<string, object?>> rows =
            [
                new Dictionary<string, object?> { ["prompt"] = "Hi", ["completion"] = "Hello." },
                new Dictionary<string, object?> { ["prompt"] = "\uFFFD", ["completion"] = "No." },
            ];
            await ParquetSerializer.SerializeUntypedAsync(rows, new ParquetSchema(prompt, completion), file, cancellationToken: TestContext.Current.CancellationToken);
        }

        chats.Spec = chats.Spec with { Format = DatasetFormat.Parquet };
        Assert.Equal([Rendered], chats.RowsOf("chats.parquet"));
        Assert.Equal((1, $"{chats.At("chats.parquet")}: row 1: has bytes that are not UTF-8, or U+FFFD in their place"), (chats.Counts!.Documents.NotUtf8, chats.Counts.Documents.FirstFault));
    }

    [Theory]
    [InlineData("""{"messages": "Hi"}""", "messages is text; expected a list of messages")]
    [InlineData("""{"messages": [3]}""", "messages[0] is a number; expected an object with role and content")]
    [InlineData("""{"messages": [{"role": 1, "content": "x"}]}""", "messages[0].role is a number; expected text")]
    [InlineData("""{"messages": [{"role": "user"}]}""", "messages[0] has no content; expected text")]
    [InlineData("""{"messages": [{"role": "user", "content": 4}]}""", "messages[0].content is a number; expected text")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image"}]}]}""", "messages[0].content[0].text is missing; expected text")]
    [InlineData("""{"messages": [{"role": "user", "content": [7]}]}""", "messages[0].content[0] is a number; expected text")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "x", "loss": 0}]}""", "messages[0].loss is 0; expected true or false")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "x", "weight": 0.5}]}""", "messages[0].weight is 0.5; expected 0 or 1")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "x", "weight": 1, "loss": false}]}""", "messages[0].loss is false and messages[0].weight 1")]
    [InlineData("""{"messages": [{"role": "user", "content": "x", "loss": true}]}""", "messages[0] is a message of role user that is to count")]
    [InlineData("""{"conversations": [{"from": "someone", "value": "x"}]}""", "conversations[0].from is \"someone\"; expected human, user, gpt")]
    [InlineData("""{"prompt": 3, "completion": "x"}""", "prompt is a number; expected text")]
    [InlineData("""{"instruction": "x", "output": ["y"]}""", "output is a list; expected text")]
    [InlineData("""{"instruction": "x", "output": "y", "tools": "f"}""", "tools is text; expected a list of tools")]
    [InlineData("""{"instruction": "x", "output": "y", "chat_template_kwargs": []}""", "chat_template_kwargs is a list; expected an object")]
    [InlineData("""["x"]""", "is a JSON array; expected an object with messages, conversations, prompt and completion, or instruction and output")]
    public void A_row_that_is_no_conversation_is_an_error_with_file_row_and_field(string line, string message)
    {
        using var chats = new PreparedChats();
        var error = Assert.Throws<InvalidInputException>(() => chats.Rows(Messages, line));
        Assert.StartsWith($"{chats.At("chats.jsonl")}:2: {message}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_the_fields_or_a_token_to_train_on_are_counted()
    {
        using var chats = new PreparedChats();
        Assert.Single(chats.Rows(Messages, """{"text": "Hi"}""", """{"messages": []}""", """{"messages": [{"role": "user", "content": "Hi"}]}"""));
        var counts = chats.Counts!.Documents;
        Assert.Equal((1L, 2L, 1L), (counts.Trained, counts.WithoutText, counts.WithoutLabel!.Value));
        Assert.Equal(
            $"{chats.At("chats.jsonl")}:2: has no messages, conversations, prompt and completion, or instruction and output; it has text", counts.FirstFault);
    }

    [Theory]
    [InlineData("""{"prompt": "a", "completion": [{"role": "assistant", "content": "b", "tool_calls": ["\ud800"]}]}""")]
    [InlineData("""{"prompt": "a", "completion": "b", "tools": "[\"\\ud800\"]"}""")]
    public void Half_of_a_surrogate_pair_anywhere_in_a_row_is_counted(string line)
    {
        using var chats = new PreparedChats();
        Assert.Equal([Rendered], chats.Rows(Messages, line));
        Assert.Equal(1, chats.Counts!.Documents.NotUtf8);
        Assert.StartsWith($"{chats.At("chats.jsonl")}:2: has half of a surrogate pair", chats.Counts.Documents.FirstFault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_any_token_to_train_on_is_refused_with_its_first_row()
    {
        using var chats = new PreparedChats();
        var error = Assert.Throws<InvalidInputException>(() => chats.Rows(
            """{"text": "x"}""", """{"messages": [{"role": "user", "content": "Hi"}]}""", """{"messages": [{"role": "assistant", "content": "Hi", "loss": false}]}"""));
        Assert.Equal(
            $"{chats.At("chats.jsonl")}:2: has no token to train on within a row, and neither has any of the file's 2 conversations; expected answers of an assistant",
            error.Message);
        Assert.False(File.Exists(chats.At("train.bin")));
    }
}
