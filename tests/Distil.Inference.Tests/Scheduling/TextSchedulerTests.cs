using Distil.Core.Errors;
using Distil.Inference.Engines;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;
using Distil.Inference.Scheduling;
using Distil.Inference.Tests.Engines;

namespace Distil.Inference.Tests.Scheduling;

public sealed class TextSchedulerTests : IDisposable
{
    private readonly StudentEngine _engine = StudentEngine.Open(RandomStudent.Write(RandomStudent.Small), new() { Threads = 1, MaxRows = 8 });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task Texts_together_are_those_that_each_gives_alone()
    {
        var requests = Enumerable.Range(0, 12).Select(i => Request(
            [.. Enumerable.Range(0, 1 + 5 * i).Select(t => (t * 7 + i) % 203)], 5 + i,
            i % 2 == 0 ? SamplingOptions.Greedy : new() { Temperature = 1, Seed = (ulong)i })).ToArray();
        var alone = requests.Select(each => new Generator(_engine).Continue(each.Prompt, each.Sampling, each.MaxTokens, cancel: Stop).ToArray()).ToArray();
        await using var scheduler = new TextScheduler(_engine, new() { Slots = 5 });
        var together = await Task.WhenAll(requests.Select(each => ReadAsync(scheduler, each)));
        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task A_cancelled_text_frees_its_slot_for_one_that_waits()
    {
        await using var scheduler = new TextScheduler(_engine, new() { Slots = 1 });
        using var cancel = new CancellationTokenSource();
        await using var endless = scheduler.Continue(Request([1], int.MaxValue), cancel.Token).GetAsyncEnumerator(Stop);
        Assert.True(await endless.MoveNextAsync());
        var waiting = ReadAsync(scheduler, Request([2], 3));
        await cancel.CancelAsync();
        Assert.Equal(3, (await waiting).Length);
    }

    [Fact]
    public async Task A_prompt_that_continues_an_earlier_text_resumes_its_state()
    {
        await using var scheduler = new TextScheduler(_engine, new() { Slots = 2 });
        int[] prompt = [5, 6, 7, 8];
        var answer = await ReadAsync(scheduler, Request(prompt, 6));
        int[] longer = [.. prompt, .. answer, 9, 10];
        var continued = await ReadAsync(scheduler, Request(longer, 4));
        Assert.Equal(prompt.Length + answer.Length - 1, scheduler.Figures.TokensRestored); // the last answered token was not read
        Assert.Equal(new Generator(_engine).Continue(longer, SamplingOptions.Greedy, 4, cancel: Stop), continued);
    }

    [Fact]
    public async Task More_texts_than_may_wait_are_refused()
    {
        await using var scheduler = new TextScheduler(_engine, new() { Slots = 1, MaxWaiting = 1 });
        using var cancel = new CancellationTokenSource();
        await using var endless = scheduler.Continue(Request([1], int.MaxValue), cancel.Token).GetAsyncEnumerator(Stop);
        Assert.True(await endless.MoveNextAsync());
        var waiting = ReadAsync(scheduler, Request([2], 1));
        Assert.Throws<SchedulerBusyException>(() => scheduler.Continue(Request([3], 1), Stop));
        await cancel.CancelAsync();
        Assert.Single(await waiting);
    }

    [Fact]
    public async Task At_its_end_it_finishes_what_it_accepted_and_refuses_more()
    {
        var scheduler = new TextScheduler(_engine, new() { Slots = 2 });
        var texts = Enumerable.Range(1, 5).Select(i => ReadAsync(scheduler, Request([i], 20))).ToArray();
        await scheduler.DisposeAsync();
        Assert.All(await Task.WhenAll(texts), text => Assert.Equal(20, text.Length));
        Assert.Throws<SchedulerBusyException>(() => scheduler.Continue(Request([3], 1), Stop));
    }

    [Fact]
    public async Task An_end_token_ends_a_text_and_is_not_returned()
    {
        await using var scheduler = new TextScheduler(_engine, new() { Slots = 2 });
        var free = await ReadAsync(scheduler, Request([4], 30));
        var end = free[11];
        Assert.Equal(free.TakeWhile(token => token != end), await ReadAsync(scheduler, Request([4], 30) with { EndTokens = new HashSet<int> { end } }));
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_the_models_distribution()
    {
        await using var scheduler = new TextScheduler(_engine, new() { Slots = 2 });
        await foreach (var token in scheduler.Continue(Request([4, 5], 3) with { TopLogProbabilities = 203 }, Stop))
        {
            Assert.Equal(token.Token, token.Probabilities!.Top[0].Key);
            Assert.Equal(token.Probabilities.Chosen, token.Probabilities.Top[0].Value);
            Assert.Equal(1, token.Probabilities.Top.Sum(top => Math.Exp(top.Value)), 1e-4);
        }
    }

    [Fact]
    public async Task A_prompt_without_tokens_or_with_a_foreign_one_is_refused()
    {
        await using var scheduler = new TextScheduler(_engine, new() { Slots = 2 });
        Assert.Throws<InvalidInputException>(() => scheduler.Continue(Request([], 1), Stop));
        Assert.Throws<InvalidInputException>(() => scheduler.Continue(Request([203], 1), Stop));
    }

    private static TextRequest Request(int[] prompt, int tokens, SamplingOptions? sampling = null) =>
        new() { Prompt = prompt, MaxTokens = tokens, Sampling = sampling ?? SamplingOptions.Greedy };

    private static async Task<int[]> ReadAsync(TextScheduler scheduler, TextRequest request)
    {
        var tokens = new List<int>();
        await foreach (var token in scheduler.Continue(request, Stop))
        {
            tokens.Add(token.Token);
        }

        return [.. tokens];
    }
}
