namespace Distil.Trainer.TeacherOutputs;

/// <summary>Sizes of a teacher's outputs that decide whether a kernel supports them.</summary>
/// <param name="MaxTokens">Largest number of tokens kept for a position and drawn from its tail.</param>
/// <param name="Nodes">Number of temperatures at which the tail is summed.</param>
public readonly record struct TargetSizes(int MaxTokens, int Nodes)
{
    /// <summary>The sizes of the outputs that are extracted with some settings.</summary>
    internal static TargetSizes Of(ExtractionSettings settings) => new(settings.Keep.MaxTokens + settings.Keep.TailDraws, settings.InverseTemperatures.Count);
}
