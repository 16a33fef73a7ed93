using Distil.Core.Errors;
using Distil.Inference.Engines;
using static Distil.Inference.Tests.Engines.EngineSteps;

namespace Distil.Inference.Tests.Engines;

public sealed class StudentStateTests
{
    public static TheoryData<string> Kinds => EngineSteps.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_fork_and_a_saved_state_continue_the_sequence_and_leave_the_original_alone(string kind)
    {
        using var engine = Open(kind);
        var expected = Steps(engine, Tokens);
        using var state = engine.NewState();
        engine.Run([.. Tokens[..20].Select(token => new StudentInput(state, token, false))]);
        using var fork = state.Fork();
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "state.bin");
        state.Save(path);
        engine.Run([new(state, 7, false)]);
        using var loaded = StudentState.Load(path, engine);
        foreach (var copy in new[] { fork, loaded })
        {
            Assert.Equal(20, copy.Position);
            engine.Run([.. Tokens[20..].Select((token, i) => new StudentInput(copy, token, i == Tokens.Length - 21))]);
            Assert.Equal(expected[^1], engine.Logits(0).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_saved_state_that_is_damaged_cut_or_of_another_model_is_refused(string kind)
    {
        using var engine = Open(kind);
        using var other = StudentEngine.Open(Write(kind, seed: 2), new() { Threads = 1 });
        using var state = engine.NewState();
        engine.Run([.. Tokens[..3].Select(token => new StudentInput(state, token, false))]);
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "state.bin");
        state.Save(path);
        Assert.Contains("another model", Assert.Throws<InvalidInputException>(() => StudentState.Load(path, other)).Message);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^1]);
        Assert.Contains("cut off", Assert.Throws<InvalidInputException>(() => StudentState.Load(path, engine)).Message);
        bytes[100] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Contains("damaged", Assert.Throws<InvalidInputException>(() => StudentState.Load(path, engine)).Message);
        File.WriteAllText(path, "no state");
        Assert.Contains("not a saved state", Assert.Throws<InvalidInputException>(() => StudentState.Load(path, engine)).Message);
    }
}
