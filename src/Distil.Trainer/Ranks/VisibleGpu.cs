namespace Distil.Trainer.Ranks;

/// <summary>Gives a process one GPU of those that this process sees.</summary>
internal static class VisibleGpu
{
    /// <summary>CUDA's list of the GPUs that a process sees, by number or name; without it, a process sees all.</summary>
    internal const string Variable = "CUDA_VISIBLE_DEVICES";

    /// <param name="environment">The process's environment, with this process's variables.</param>
    /// <param name="gpu">The GPU's number in this process.</param>
    internal static void Only(IDictionary<string, string?> environment, int gpu)
    {
        var visible = environment.TryGetValue(Variable, out var list) && !string.IsNullOrEmpty(list) ? list.Split(',') : null;
        environment[Variable] = visible?[gpu].Trim() ?? gpu.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
