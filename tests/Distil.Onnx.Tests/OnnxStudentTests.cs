using Distil.Core.Specification;
using Distil.Inference.Engines;

namespace Distil.Onnx.Tests;

/// <summary>Exported students in ONNX Runtime against the engine on the CPU, which is tested against torch.</summary>
public sealed class OnnxStudentTests : IDisposable
{
    private const int Vocabulary = 203;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-onnx-");

    public static TheoryData<string> Students => Cases.All;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Students))]
    public void Logits_equal_those_of_the_engine_at_every_position(string name)
    {
        var student = Cases.Folder(name);
        using var session = Export(student, WeightForm.Fp32);
        AssertLogits(student, session, 1e-4f);
    }

    [Theory]
    [MemberData(nameof(Students))]
    public void A_call_of_n_tokens_equals_n_calls_of_one(string name)
    {
        using var session = Export(Cases.Folder(name), WeightForm.Fp32);
        var tokens = Cases.Tokens(45);
        var all = session.Read(tokens, keep: 0);
        session.Restart();
        for (int at = 0, piece = 1; at < tokens.Length; at += piece, piece = at % 3 == 0 ? 1 : 13)
        {
            var part = tokens.AsSpan(at, Math.Min(piece, tokens.Length - at)).ToArray();
            AssertClose(all.AsSpan(at * Vocabulary, part.Length * Vocabulary), session.Read(part, keep: 0), 1e-4f, $"{name}, from token {at}");
        }
    }

    [Theory]
    [MemberData(nameof(Students))]
    public void Greedy_tokens_are_those_of_the_engine(string name)
    {
        var student = Cases.Folder(name);
        using var session = Export(student, WeightForm.Fp32);
        using var engine = StudentEngine.Open(student, new() { Threads = 1 });
        using var state = engine.NewState();
        int[] prompt = Cases.Tokens(9);
        var (own, other) = (new List<int>(), new List<int>());
        foreach (var token in prompt)
        {
            engine.Run([new(state, token, true)]);
        }

        own.Add(Best(session.Read(prompt)));
        other.Add(Best(engine.Logits(0)));
        while (own.Count < 64)
        {
            own.Add(Best(session.Read([own[^1]])));
            engine.Run([new(state, other[^1], true)]);
            other.Add(Best(engine.Logits(0)));
        }

        Assert.Equal(other, own);
    }

    [Theory]
    [MemberData(nameof(Students))]
    public void A_batch_equals_its_texts_alone(string name)
    {
        var student = Cases.Folder(name);
        using var alone = Export(student, WeightForm.Fp32);
        using var batch = new Session(_folder.FullName, batch: 2);
        foreach (var count in new[] { 11, 1, 4 })
        {
            batch.Read([.. Cases.Tokens(count, seed: 1), .. Cases.Tokens(count, seed: 2)]);
        }

        var both = batch.Read([3, 5]);
        for (var text = 0; text < 2; text++)
        {
            alone.Restart();
            foreach (var count in new[] { 11, 1, 4 })
            {
                alone.Read(Cases.Tokens(count, seed: 1 + text));
            }

            AssertClose(alone.Read([3 + 2 * text]), both.AsSpan(text * Vocabulary, Vocabulary), 1e-4f, $"{name}, text {text}");
        }
    }

    [Theory]
    [InlineData(WeightForm.Bf16, "xlstm")]
    [InlineData(WeightForm.Int8, "xlstm")]
    [InlineData(WeightForm.Int4, "xlstm")]
    [InlineData(WeightForm.Int4, "xlstm, tied, only mLSTM")]
    [InlineData(WeightForm.Int8, "linearised")]
    [InlineData(WeightForm.Bf16, "linearised, whole blocks")]
    [InlineData(WeightForm.Int8, "linearised, whole blocks")]
    [InlineData(WeightForm.Int4, "linearised, whole blocks")]
    public void A_form_computes_what_the_student_with_rounded_weights_computes(WeightForm form, string name)
    {
        var student = Cases.Folder(name);
        using var session = Export(student, form);
        var rounded = Path.Combine(_folder.FullName, "rounded");
        RoundedStudent.Write(student, form, rounded);
        AssertLogits(rounded, session, form == WeightForm.Int8 ? 2e-2f : 1e-4f); // in int8, ONNX Runtime rounds inputs, too
    }

    [Fact]
    public void As_many_logits_are_returned_as_are_asked_for()
    {
        using var session = Export(Cases.Folder("xlstm"), WeightForm.Fp32);
        var all = session.Read(Cases.Tokens(8), keep: 0);
        session.Restart();
        var last = session.Read(Cases.Tokens(8));
        session.Restart();
        var three = session.Read(Cases.Tokens(8), keep: 3);
        Assert.Equal([8 * Vocabulary, Vocabulary, 3 * Vocabulary], [all.Length, last.Length, three.Length]);
        AssertClose(all.AsSpan(7 * Vocabulary), last, 1e-5f, "last");
        AssertClose(all.AsSpan(5 * Vocabulary), three, 1e-5f, "three");
    }

    private Session Export(string student, WeightForm form)
    {
        OnnxStudent.Write(student, form, _folder.FullName);
        return new(_folder.FullName);
    }

    private static void AssertLogits(string student, Session session, float tolerance)
    {
        var tokens = Cases.Tokens(50);
        var logits = session.Read(tokens, keep: 0);
        using var engine = StudentEngine.Open(student, new() { Threads = 1 });
        using var state = engine.NewState();
        for (var t = 0; t < tokens.Length; t++)
        {
            engine.Run([new(state, tokens[t], true)]);
            AssertClose(engine.Logits(0), logits.AsSpan(t * Vocabulary, Vocabulary), tolerance, $"token {t}");
        }
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    /// <summary>Checks that logits are equal up to a share of the largest, since rounding errors grow with the numbers that are added.</summary>
    internal static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = 1f;
        foreach (var value in expected)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(MathF.Abs(expected[i] - actual[i]) <= tolerance * largest, $"{what}, logit {i}: {actual[i]}; expected {expected[i]}");
        }
    }
}
