using Distil.Core.Specification;
using Distil.Inference.Chat;
using Distil.Inference.Tests.Chat;
using Distil.Trainer.Commands;
using Microsoft.Extensions.AI;

namespace Distil.Trainer.Tests.Commands;

public sealed class ChatCommandTests : IDisposable
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = 8 };

    private readonly string _folder = ChatStudent.Write();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Each_line_is_a_message_of_one_conversation()
    {
        using var client = StudentChatClient.Open(_folder, new() { Threads = 1 });
        var first = (await client.GetResponseAsync("Hello", Greedy, Cancel)).Text;
        var second = (await client.GetResponseAsync(
            [new(ChatRole.User, "Hello"), new(ChatRole.Assistant, first), new(ChatRole.User, "Once")], Greedy, Cancel)).Text;

        Assert.Equal($"{first}\n{second}\n", await TalkAsync("Hello\n\n  Once  \n"));
    }

    [Fact]
    public async Task A_cleared_conversation_begins_anew_and_exit_ends_it()
    {
        var once = await TalkAsync("Hello\n");
        Assert.Equal(once + once, await TalkAsync("Hello\n/clear\nHello\n/exit\nHello\n"));
    }

    [Fact]
    public async Task A_person_sees_where_to_write()
    {
        using var prompts = new StringWriter { NewLine = "\n" };
        await TalkAsync("Hello\n", prompts);
        Assert.Equal("on the CPU\n> > ", prompts.ToString());
    }

    private async Task<string> TalkAsync(string input, TextWriter? prompts = null)
    {
        using var output = new StringWriter { NewLine = "\n" };
        await TerminalChat.TalkAsync(_folder, new() { Threads = 1, Device = ComputeDevice.Cpu }, Greedy, new StringReader(input), output, prompts, Cancel);
        return output.ToString();
    }
}
