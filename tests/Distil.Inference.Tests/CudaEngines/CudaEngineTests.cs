using Distil.Core.Errors;
using Distil.Inference.CudaEngines;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Sampling;
using Distil.Inference.Scheduling;
using Distil.Inference.Tests.Engines;

namespace Distil.Inference.Tests.CudaEngines;

/// <summary>The engine for several texts on a card. CI has no card.</summary>
public sealed class CudaEngineTests : IDisposable
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 90).Select(i => i * 37 % 203)];

    private readonly List<IDisposable> _owned = [];

    public static TheoryData<string> Kinds => EngineSteps.Kinds;

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(part => part.Dispose());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Pieces_of_a_prompt_give_the_bits_of_single_tokens_and_the_processors_logits(string kind)
    {
        var (card, processor) = Open(kind);
        using ISequenceState pieces = card.NewSequence(), steps = card.NewSequence(), expected = processor.NewSequence();
        foreach (var (from, end) in new[] { (0, 50), (50, 51), (51, 90) }) // beyond the end of the window's ring
        {
            Run(processor, expected, from, end);
            Run(card, pieces, from, end);
            var (last, most) = (card.Logits(0).ToArray(), card.Choose(0));
            Assert.True(Difference(last, processor.Logits(0)) < 2e-5, $"{kind}: {Difference(last, processor.Logits(0))}");
            Assert.Equal(processor.Choose(0), most);
            for (var i = from; i < end; i++)
            {
                Run(card, steps, i, i + 1);
            }

            Assert.Equal(last, card.Logits(0));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Texts_of_one_pass_and_copies_of_states_do_not_disturb_each_other(string kind)
    {
        var (card, _) = Open(kind);
        using ISequenceState first = card.NewSequence(), second = card.NewSequence(), alone = card.NewSequence();
        Run(card, alone, 0, 20);
        var expected = card.Logits(0).ToArray();

        Run(card, first, 0, 9);
        card.Run([.. Inputs(second, 5, 8, last: true), new(first, Tokens[9], true)]);
        foreach (var i in new[] { 0, 1 })
        {
            Assert.Equal(LogitScan.IndexOf(card.Logits(i), LogitScan.Max(card.Logits(i))), card.Choose(i));
        }

        using var copy = first.Fork();
        Run(card, first, 30, 40);
        first.CopyFrom(copy);
        card.Run([.. Inputs(first, 10, 19, last: false), new(second, Tokens[1], true), .. Inputs(copy, 40, 42, last: false)]);
        Run(card, first, 19, 20);

        Assert.Equal(expected, card.Logits(0));
        Assert.Equal(20, first.Position);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Texts_of_the_scheduler_are_those_of_the_processor(string kind)
    {
        var (card, processor) = Open(kind);
        var cancel = TestContext.Current.CancellationToken;
        var requests = Enumerable.Range(1, 5).Select(i => new TextRequest { Prompt = Tokens[i..(i * 7)], Sampling = new() { Temperature = i % 2 }, MaxTokens = 12 }).ToArray();
        async Task<int[]> Text(TextScheduler scheduler, TextRequest request) =>
            [.. await scheduler.Continue(request, cancel).Select(token => token.Token).ToListAsync(cancel)];
        await using TextScheduler on = new(card, new() { Slots = 3 }), expected = new(processor, new() { Slots = 3 });
        var (texts, others) = (await Task.WhenAll(requests.Select(request => Text(on, request))), await Task.WhenAll(requests.Select(request => Text(expected, request))));

        Assert.Equal(others, texts);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Greedy_drawn_and_penalised_texts_of_one_pass_are_those_that_each_is_alone(string kind)
    {
        var (alone, together) = MixedRows.Texts(Open(kind).Card, 30);
        Assert.Equal(alone, together);
    }

    [Fact]
    public void Foreign_states_and_tokens_outside_the_vocabulary_are_refused_before_anything_is_read()
    {
        var (card, processor) = Open("xlstm");
        using ISequenceState own = card.NewSequence(), other = processor.NewSequence();
        Assert.Throws<ArgumentException>(() => card.Run([new(own, 1, true), new(other, 1, true)]));
        Assert.Throws<InvalidInputException>(() => card.Run([new(own, 1, true), new(own, 203, true)]));
        Assert.Equal(0, own.Position);
    }

    private static void Run(IStudentEngine engine, ISequenceState state, int from, int end) => engine.Run([.. Inputs(state, from, end, last: true)]);

    private static IEnumerable<StudentInput> Inputs(ISequenceState state, int from, int end, bool last) =>
        Enumerable.Range(from, end - from).Select(i => new StudentInput(state, Tokens[i], last && i == end - 1));

    private static double Difference(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        var (off, size) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            off += Math.Pow(actual[i] - (double)expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(off / size);
    }

    private (CudaEngine Card, IStudentEngine Processor) Open(string kind)
    {
        var (platform, folder) = (TestCard.Require(), EngineSteps.Write(kind));
        var card = CudaEngine.Open(folder, platform);
        _owned.Add(card);
        var processor = StudentEngine.Open(folder, new() { Threads = 1, Weights = WeightFormat.BFloat16 });
        _owned.Add(processor);
        return (card, processor);
    }
}
