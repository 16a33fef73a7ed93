using System.CommandLine;
using Distil.Inference.Sampling;

namespace Distil.Trainer.Commands;

/// <summary>Options of commands that generate text.</summary>
internal sealed class SamplingArguments
{
    private static readonly SamplingOptions Usual = new();

    private readonly Option<double> _temperature = new("--temperature")
    {
        Description = "0 always chooses the most likely token.", DefaultValueFactory = _ => Usual.Temperature,
    };

    private readonly Option<double> _topP = new("--top-p")
    {
        Description = "Sample from the most likely tokens with this total probability.", DefaultValueFactory = _ => Usual.TopP,
    };

    private readonly Option<int?> _topK = new("--top-k") { Description = "Sample from at most this many of the most likely tokens." };

    private readonly Option<double> _minP = new("--min-p")
    {
        Description = "Sample from tokens with at least this share of the most likely token's probability.",
    };

    private readonly Option<double> _repetition = new("--repetition-penalty")
    {
        Description = "Over 1: tokens that occur already are less likely.", DefaultValueFactory = _ => Usual.RepetitionPenalty,
    };

    private readonly Option<ulong> _seed = new("--seed") { Description = "The same seed gives the same text.", DefaultValueFactory = _ => Usual.Seed };

    internal void AddTo(Command command)
    {
        command.Add(_temperature);
        command.Add(_topP);
        command.Add(_topK);
        command.Add(_minP);
        command.Add(_repetition);
        command.Add(_seed);
    }

    internal SamplingOptions Read(ParseResult parsed) => new()
    {
        Temperature = parsed.GetValue(_temperature),
        TopP = parsed.GetValue(_topP),
        TopK = parsed.GetValue(_topK),
        MinP = parsed.GetValue(_minP),
        RepetitionPenalty = parsed.GetValue(_repetition),
        Seed = parsed.GetValue(_seed),
    };
}
