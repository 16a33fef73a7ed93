namespace Distil.Inference.Scheduling;

/// <summary>Limits of a scheduler.</summary>
public sealed record SchedulerOptions
{
    /// <value>Maximum number of texts that are generated at once, ≥ 1. Default 16.</value>
    public int Slots { get; init; } = 16;

    /// <value>Maximum number of texts that wait for a slot, ≥ 0; further ones are refused. Default 256.</value>
    public int MaxWaiting { get; init; } = 256;

    /// <value>Number of states that are cached for prompts that begin alike, ≥ 0. Default 32.</value>
    public int CachedStates { get; init; } = 32;
}
