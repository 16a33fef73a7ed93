using Distil.Core.Errors;
using Distil.Inference.Answers;
using Distil.Inference.Chat;
using Distil.Inference.Tests.Engines;
using Microsoft.Extensions.AI;

namespace Distil.Inference.Tests.Chat;

public sealed class StudentChatClientTests : IDisposable
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = 12 };

    private readonly string _folder = ChatStudent.Write();
    private readonly StudentChatClient _client;

    public StudentChatClientTests() => _client = StudentChatClient.Open(_folder, new() { Threads = 1 });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_answer_continues_the_rendered_conversation_and_counts_its_tokens()
    {
        var model = (StudentModel)_client.GetService(typeof(StudentModel))!;
        var prompt = model.Tokenizer.Encode("<system>Be brief.\n<user>Hello\n<assistant>Hi\n<user>Once\n<assistant>", cancel: Cancel);
        var expected = "";
        await foreach (var piece in model.Answer(new() { Prompt = prompt, Sampling = new() { Temperature = 0 }, MaxTokens = 12 }).PiecesAsync(Cancel))
        {
            expected += piece.Text;
        }

        var options = Greedy.Clone();
        options.Instructions = "Be brief.";
        var answer = await _client.GetResponseAsync(
            [new(ChatRole.User, "Hello"), new(ChatRole.Assistant, "Hi"), new(ChatRole.User, "Once")], options, Cancel);

        Assert.Equal(expected, answer.Text);
        Assert.Equal(ChatRole.Assistant, Assert.Single(answer.Messages).Role);
        Assert.Equal((prompt.Count, 12, prompt.Count + 12), (answer.Usage!.InputTokenCount, answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount));
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(Path.GetFileName(_folder), answer.ModelId);
    }

    [Fact]
    public async Task A_streamed_answer_is_the_whole_one_in_pieces()
    {
        var whole = await _client.GetResponseAsync("Once upon a time", Greedy, Cancel);
        var pieces = new List<ChatResponseUpdate>();
        await foreach (var piece in _client.GetStreamingResponseAsync("Once upon a time", Greedy, Cancel))
        {
            pieces.Add(piece);
        }

        Assert.True(pieces.Count > 1, $"{pieces.Count} pieces");
        Assert.Equal(whole.Text, string.Concat(pieces.Select(piece => piece.Text)));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_answer_and_a_stop_text_ends_it()
    {
        var options = new ChatOptions { Seed = 7, MaxOutputTokens = 12 };
        var answer = (await _client.GetResponseAsync("Once", options, Cancel)).Text;
        Assert.Equal(answer, (await _client.GetResponseAsync("Once", options, Cancel)).Text);

        options.StopSequences = [answer[2..4]];
        var stopped = await _client.GetResponseAsync("Once", options, Cancel);
        Assert.Equal(answer[..answer.IndexOf(answer[2..4], StringComparison.Ordinal)], stopped.Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
    }

    [Fact]
    public async Task What_a_student_cannot_do_is_refused_by_name()
    {
        await RefusedAsync("Tools is 1", new() { Tools = [AIFunctionFactory.CreateDeclaration("look", null, default)] });
        await RefusedAsync("ResponseFormat is ChatResponseFormatJson", new() { ResponseFormat = ChatResponseFormat.Json });
        await RefusedAsync("ModelId is other", new() { ModelId = "other" });
        var picture = new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _client.GetResponseAsync([picture], null, Cancel));
        Assert.Contains("messages[0] is DataContent", error.Message, StringComparison.Ordinal);

        async Task RefusedAsync(string says, ChatOptions options) =>
            Assert.Contains(says, (await Assert.ThrowsAsync<InvalidInputException>(() => _client.GetResponseAsync("a", options, Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_student_that_keeps_attention_answers_to_the_end_of_its_context_and_no_further()
    {
        const int Context = 40;
        var folder = ChatStudent.Write(linearised: RandomLinearised.Hybrid with { Transformer = RandomLinearised.Hybrid.Transformer with { MaxPositions = Context } });
        using (var client = StudentChatClient.Open(folder, new() { Threads = 1 }))
        {
            var answer = await client.GetResponseAsync("Once", new() { Temperature = 0, MaxOutputTokens = 1000 }, Cancel);
            Assert.Equal(Context, answer.Usage!.TotalTokenCount);
            Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
            var longer = string.Join(' ', Enumerable.Repeat("Once", Context));
            Assert.Contains($"attention reads at most {Context}", (await Assert.ThrowsAsync<InvalidInputException>(() => client.GetResponseAsync(longer, null, Cancel))).Message);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_model_without_a_template_is_refused()
    {
        var folder = ChatStudent.Write(template: false);
        var error = Assert.Throws<InvalidInputException>(() => StudentChatClient.Open(folder));
        Assert.Contains("has no chat template", error.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
