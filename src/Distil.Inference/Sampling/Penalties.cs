namespace Distil.Inference.Sampling;

/// <summary>Makes tokens that occurred before less likely.</summary>
internal sealed class Penalties(SamplingOptions options)
{
    private readonly Dictionary<int, int> _times = []; // in the new text; 0: only in the prompt
    private float[] _logits = [];

    internal void ReadPrompt(ReadOnlySpan<int> tokens)
    {
        foreach (var token in tokens)
        {
            _times.TryAdd(token, 0);
        }
    }

    /// <value>The tokens whose logits change, with what is subtracted last.</value>
    internal IEnumerable<(int Token, float Less)> Changes => _times.Select(pair => (
        pair.Key, (float)(pair.Value > 0 ? options.PresencePenalty + options.FrequencyPenalty * pair.Value : 0)));

    internal void Choose(int token) => _times[token] = _times.GetValueOrDefault(token) + 1;

    /// <summary>A copy of the logits, with the penalties.</summary>
    internal ReadOnlySpan<float> Apply(ReadOnlySpan<float> logits)
    {
        _logits = _logits.Length == logits.Length ? _logits : new float[logits.Length];
        logits.CopyTo(_logits);
        foreach (var (token, less) in Changes)
        {
            ref var logit = ref _logits[token];
            logit = (float)(logit > 0 ? logit / options.RepetitionPenalty : logit * options.RepetitionPenalty);
            logit -= less;
        }

        return _logits;
    }
}
