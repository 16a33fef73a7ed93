using Distil.Core.Errors;
using Distil.Core.Safetensors;

namespace Distil.Core.Models.Folders;

/// <summary>How a Transformer's weights are read from its files, by the files' headers alone. Plan and job use this, so the plan refuses what a job
/// would.</summary>
public sealed class WeightReadings
{
    private const string Prefix = "model.";

    private readonly Dictionary<string, WeightReading> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<string> _warnings = [];
    private readonly ConfigReading _config;
    private readonly StoredTensors _stored;
    private readonly bool _withoutPrefix;

    private WeightReadings(ConfigReading config, StoredTensors stored)
    {
        (_config, _stored) = (config, stored);
        // Saved from the base model, as AutoModel does: transformers adds the prefix too.
        _withoutPrefix = !stored.ByName.Keys.Any(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        foreach (var tensor in TransformerTensors.Of(config.Config))
        {
            _byName.Add(tensor.Name, Read(tensor));
        }

        if (config.Config.TiedHead && stored.ByName.ContainsKey(TransformerTensors.Head))
        {
            HeadBesideTie = Read(TransformerTensors.HeadOf(config.Config));
        }

        CheckUnread();
    }

    /// <value>The weights by name.</value>
    public IReadOnlyDictionary<string, WeightReading> ByName => _byName;

    /// <value>A head that is stored although <c>tie_word_embeddings</c> is true: it is the head if it differs from the embedding, as in transformers; else
    /// null.</value>
    public WeightReading? HeadBesideTie { get; }

    /// <value>What is read.</value>
    public ModelReading Summary => ModelReading.Of([.. _byName.Values.Select(reading => reading.Values).Distinct()], _warnings) with
    {
        Quantization = _byName.Values.Any(reading => reading.Scaling is not null)
            ? $"{_config.Quantization!.Method}: each weight is multiplied by its scales"
            : null,
    };

    /// <summary>Finds every weight of a model.</summary>
    /// <exception cref="InvalidInputException">A weight is missing, has another shape or a type that is not read, or the files contain weights that the
    /// configuration has no place for.</exception>
    public static WeightReadings Of(ConfigReading config, StoredTensors stored) => new(config, stored);

    private StoredTensor? Find(string name)
    {
        var onDisk = _withoutPrefix && name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        if (!_stored.ByName.TryGetValue(onDisk, out var tensor))
        {
            return null;
        }

        _used.Add(onDisk);
        return tensor;
    }

    private WeightReading Read(ModelTensor tensor)
    {
        var onDisk = tensor.Fused is { } fused ? new ModelTensor(fused.Name, [fused.Rows, .. tensor.Dimensions.Skip(1)]) : tensor;
        if (Find(onDisk.Name) is not { } values)
        {
            var near = _stored.ByName.Keys.FirstOrDefault(name => name.StartsWith(onDisk.Name[..(onDisk.Name.LastIndexOf('.') + 1)], StringComparison.Ordinal));
            throw new InvalidInputException($"{_stored.Folder}: the weights have no tensor {onDisk.Name}{(near is null ? "" : $", but have {near}")}");
        }

        if (!values.Entry.Shape.SequenceEqual(onDisk.Shape))
        {
            throw new InvalidInputException(
                $"{values.Path}: {values.Name} is {values.Entry}; config.json ({onDisk.ReasonsAgainst(values.Entry.Shape)}) needs "
                + SafetensorsEntry.Text(onDisk.Shape));
        }

        var find = (string name) => Find(onDisk.Name + name[values.Name.Length..]);
        return new(tensor, values, values.Entry.Dtype.IsPlain ? null : Scaling.Of(values, _config.Quantization, find));
    }

    private void CheckUnread()
    {
        var unread = _stored.ByName.Values.Where(tensor => !_used.Contains(tensor.Name) && !IgnoredTensors.AreComputed(tensor.Name)).ToList();
        unread.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        var scales = unread.Where(tensor => _config.Quantization is not null && IgnoredTensors.AreOfActivations(tensor.Name)).ToList();
        _warnings.AddRange(StoredTensors.Unread(scales, "activations are not quantised here, so these scales are not read"));
        unread = [.. unread.Except(scales)];
        var inside = unread.Where(tensor => _withoutPrefix || tensor.Name.StartsWith(Prefix, StringComparison.Ordinal)
            || tensor.Name.StartsWith("lm_head.", StringComparison.Ordinal)).ToList();
        if (inside.Count > 0)
        {
            var config = _config.Config;
            var biases = $"attention_bias {config.OutputBias}, mlp_bias {config.FeedForwardBias}";
            var fields = $"model_type {config.Traits.ModelType}, num_hidden_layers {config.Layers}, {biases}";
            throw new InvalidInputException(
                $"{inside[0].Path}: contains {StoredTensors.Few(inside)}, for which config.json ({fields.ToLowerInvariant()}) has no place; "
                + "expected a config.json that fits the weights");
        }

        _warnings.AddRange(StoredTensors.Unread([.. unread.Except(inside)], "they are outside the language model and are not read"));
    }
}
