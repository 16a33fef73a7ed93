using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Evaluation;

/// <summary>The smallest recurrent language model: h(t) = h(t−1)/2 + E[id], seen through tanh.</summary>
internal sealed class DecayModel : ILanguageModel
{
    private readonly Tensor _embedding;

    public DecayModel(int vocabulary, int width, int seed)
    {
        var random = new Generator((ulong)seed, CPU);
        _embedding = randn([vocabulary, width], generator: random);
        HeadWeight = randn([vocabulary, width], generator: random);
    }

    public int VocabularySize => (int)HeadWeight.shape[0];

    public int HiddenSize => (int)HeadWeight.shape[1];

    public Device Device => CPU;

    public Tensor HeadWeight { get; }

    public IReadOnlyList<NamedParameter> TrainableParameters => [];

    /// <summary>Number of positions in the largest Forward so far.</summary>
    public long MaxPositions { get; private set; }

    public Tensor Forward(Tensor inputIds)
    {
        MaxPositions = Math.Max(MaxPositions, inputIds.numel());
        using var state = (State)StartDecoding((int)inputIds.shape[0]);
        return stack([.. Enumerable.Range(0, (int)inputIds.shape[1]).Select(s => Decode(inputIds.narrow(1, s, 1), state))], 1);
    }

    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds) => (Forward(inputIds), []);

    public IDecodingState StartDecoding(int batch) => new State(zeros(batch, HiddenSize));

    public Tensor Decode(Tensor inputIds, IDecodingState state)
    {
        var own = (State)state;
        for (var s = 0; s < inputIds.shape[1]; s++)
        {
            own.Advance(_embedding.index_select(0, inputIds.select(1, s)));
        }

        return own.Hidden.tanh();
    }

    public void Dispose()
    {
        _embedding.Dispose();
        HeadWeight.Dispose();
    }

    private sealed class State(Tensor hidden) : IDecodingState
    {
        public Tensor Hidden { get; private set; } = hidden.DetachFromDisposeScope();

        public long Position { get; private set; }

        public long Bytes => Hidden.numel() * 4;

        public void Advance(Tensor input)
        {
            var next = (Hidden / 2 + input).DetachFromDisposeScope();
            Hidden.Dispose();
            Hidden = next;
            Position++;
        }

        public void Dispose() => Hidden.Dispose();
    }
}
