using Distil.Inference.Generation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Generation;

/// <summary>Generates texts with a model in torch, on its device.</summary>
public sealed class TorchTextModel(ILanguageModel model) : ITextModel
{
    /// <summary>Tokens of a long prompt read in one call.</summary>
    private const int PrefillTokens = 512;

    /// <inheritdoc/>
    public int VocabularySize => model.VocabularySize;

    /// <inheritdoc/>
    public int? MaxPositions => model switch
    {
        TransformerModel teacher => teacher.Config.MaxPositions,
        LinearisedModel { Shape: { KeepAttention.Count: > 0 } shape } => shape.Transformer.MaxPositions,
        _ => null,
    };

    /// <inheritdoc/>
    public ITextReader Begin() => new Text(model);

    private sealed class Text(ILanguageModel model) : ITextReader
    {
        private readonly IDecodingState _state = model.StartDecoding(1);
        private readonly float[] _logits = new float[model.VocabularySize];

        public ReadOnlySpan<float> Read(ReadOnlySpan<int> tokens, CancellationToken cancel)
        {
            for (var read = 0; read < tokens.Length; read += PrefillTokens)
            {
                cancel.ThrowIfCancellationRequested();
                var piece = tokens[read..Math.Min(read + PrefillTokens, tokens.Length)];
                Step(piece.ToArray(), last: read + piece.Length == tokens.Length);
            }

            return _logits;
        }

        public void Dispose() => _state.Dispose();

        private void Step(int[] ids, bool last)
        {
            using var pause = NoGcRegion.Begin();
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var hidden = model.Decode(tensor(ids, 1, ids.Length, dtype: ScalarType.Int64).to(model.Device), _state);      // (1, D)
            if (last)
            {
                var logits = model.LogitsOf(hidden).cpu(); // (1, V)
                logits.data<float>().CopyTo(_logits);
            }
        }
    }
}
