using Distil.Core.Models;
using Distil.Trainer.Jobs.Export;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Jobs.Export;

public sealed class GreedyContinuationsTests
{
    private const int NoEnd = -1;

    private static readonly (IReadOnlyList<int> Prompt, IReadOnlyList<int> Truth)[] Beginnings = [([3, 1, 4], [1, 5, 9]), ([2, 6], [5, 3, 5, 8])];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Are_judged_by_the_teachers_own_likelihood()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var teacher = Model(1);
        using var student = Model(2);
        var measured = new GreedyContinuations(teacher, NoEnd, maxTokens: 3).Measure(Beginnings, student, baseline: null, Cancel)!;

        Assert.Equal((2, 3, (double?)null), (measured.Prompts, measured.MaxTokens, measured.WithoutTeacher));
        Assert.Equal(Mean(teacher, text => Greedy(teacher, text.Prompt)), measured.Teacher!.Value, 1e-5);
        Assert.Equal(Mean(teacher, text => Greedy(student, text.Prompt)), measured.Student!.Value, 1e-5);
        Assert.Equal(Mean(teacher, text => [.. text.Truth.Take(3)]), measured.Truth!.Value, 1e-5);
        Assert.True(measured.Teacher > measured.Student);
    }

    [Fact]
    public void That_end_at_once_have_no_likelihood()
    {
        using var teacher = Model(1);
        var first = Greedy(teacher, Beginnings[0].Prompt)[0];
        var measured = new GreedyContinuations(teacher, first, maxTokens: 3).Measure([Beginnings[0]], teacher, teacher, Cancel)!;
        Assert.Equal((null, null, null, true), (measured.Teacher, measured.Student, measured.WithoutTeacher, measured.Truth is not null));
        Assert.Null(new GreedyContinuations(teacher, first, maxTokens: 3).Measure([], teacher, null, Cancel));
    }

    private static double Mean(
        TransformerModel teacher, Func<(IReadOnlyList<int> Prompt, IReadOnlyList<int> Truth), IReadOnlyList<int>> continuation)
    {
        var (sum, count) = (0.0, 0);
        foreach (var text in Beginnings)
        {
            var tokens = text.Prompt.ToList();
            foreach (var next in continuation(text))
            {
                sum += LogProbabilities(teacher, tokens)[next].item<float>();
                count++;
                tokens.Add(next);
            }
        }

        return sum / count;
    }

    private static List<int> Greedy(TransformerModel model, IReadOnlyList<int> prompt)
    {
        var tokens = prompt.ToList();
        for (var i = 0; i < 3; i++)
        {
            tokens.Add((int)LogProbabilities(model, tokens).argmax().item<long>());
        }

        return tokens[prompt.Count..];
    }

    private static Tensor LogProbabilities(TransformerModel model, IReadOnlyList<int> tokens)
    {
        using var frozen = no_grad();
        var hidden = model.Forward(tensor(tokens.Select(id => (long)id).ToArray(), 1, tokens.Count));
        return hidden[0, tokens.Count - 1].matmul(model.HeadWeight.t()).log_softmax(-1);
    }

    private static TransformerModel Model(int seed) => TransformerModel.Create(
        new TransformerConfig
        {
            Family = TransformerFamily.Qwen2, VocabularySize = 40, HiddenSize = 16, IntermediateSize = 24, Layers = 2, Heads = 2, KeyValueHeads = 2, HeadSize = 8,
            MaxPositions = 64, TiedHead = false, QueryKeyValueBias = true,
        },
        seed, CPU);
}
