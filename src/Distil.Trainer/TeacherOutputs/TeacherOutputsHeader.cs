using System.Text.Json;
using System.Text.Json.Serialization;
using Distil.Core.Specification;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The header of a file of teacher outputs: JSON at its beginning.</summary>
public sealed record TeacherOutputsHeader
{
    private const int MaxPositions = 1 << 24, MaxNodes = 256, MaxDraws = 1 << 12;
    private const long MaxHidden = 1L << 31;

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <value>S, the number of positions in a row.</value>
    public required int ContextLength { get; init; }

    /// <value>V.</value>
    public required int VocabularySize { get; init; }

    /// <value>D if the mean hidden states are stored, else 0.</value>
    public required int HiddenSize { get; init; }

    /// <value>Probability mass that the kept tokens reach, unless the cap prevents it.</value>
    public required double TopP { get; init; }

    /// <value>Maximum number of tokens kept at one position.</value>
    public required int MaxTokens { get; init; }

    /// <value>Temperature at which TopP was measured.</value>
    public required double NucleusTemperature { get; init; }

    /// <value>The values of 1/T of the tail's sums, ascending.</value>
    public required IReadOnlyList<double> InverseTemperatures { get; init; }

    /// <value>Number of tokens drawn from the tail of each position; 0 if the tail is only a bucket.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int TailDraws { get; init; }

    /// <value>How they are stored.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public HiddenForm HiddenForm { get; init; }

    /// <value>s: log-probabilities are stored as √(−log p) in steps of s, so that |error of log p| ≤ s·√(−log p) + s²/4.</value>
    public required double LogProbabilityStep { get; init; }

    /// <value>Version of the format that the file needs: what only version 2 has is written only if it is used.</value>
    [JsonIgnore]
    internal int Version => HiddenForm != HiddenForm.Fp16 ? 3 : TailDraws > 0 ? 2 : 1;

    /// <value>Bytes for the mean hidden state of a position; 0 if none is stored.</value>
    [JsonIgnore]
    internal int HiddenBytes => HiddenForm.BytesOf(HiddenSize);

    /// <summary>Whether a writer can have written it; readers allocate memory by its sizes.</summary>
    internal bool IsPossible() =>
        ContextLength is > 0 and <= MaxPositions && VocabularySize > 0 && MaxTokens > 0 && TailDraws is >= 0 and <= MaxDraws
        && HiddenSize >= 0 && (HiddenForm == HiddenForm.Fp16 || (Enum.IsDefined(HiddenForm) && HiddenSize > 0)) && (long)ContextLength * HiddenSize <= MaxHidden
        && InverseTemperatures is { Count: <= MaxNodes } nodes && nodes.All(double.IsFinite) && LogProbabilityStep > 0 && double.IsFinite(LogProbabilityStep);

    /// <summary>Creates the header for outputs extracted with given settings.</summary>
    /// <remarks>A whole distribution (TopP 1) is stored to be exact and gets finer steps.</remarks>
    public static TeacherOutputsHeader For(ExtractionSettings settings, int contextLength, int vocabularySize, int hiddenSize) => new()
    {
        ContextLength = contextLength,
        VocabularySize = vocabularySize,
        HiddenSize = settings.MeanHidden ? hiddenSize : 0,
        HiddenForm = settings.MeanHidden ? settings.Keep.HiddenForm : HiddenForm.Fp16,
        TopP = settings.Keep.TopP,
        MaxTokens = settings.Keep.MaxTokens,
        NucleusTemperature = settings.NucleusTemperature,
        InverseTemperatures = settings.InverseTemperatures,
        TailDraws = Math.Min(settings.Keep.TailDraws, vocabularySize),
        LogProbabilityStep = settings.Keep.TopP >= 1 ? 1 / 1024.0 : 1 / 64.0,
    };
}
