using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>Where the gates of a linearised student start. All are learnt.</summary>
public sealed record GateSpec
{
    /// <value>Share of the memory in the mix with the window. Above 0 and below 1; default 0.1: the student starts near its teacher.</value>
    [Range(0.0, 0.999999, MinimumIsExclusive = true)]
    public double Memory { get; init; } = 0.1;

    /// <value>The forget gate of the first head before its sigmoid. Default 3, xLSTM's (arXiv 2405.04517).</value>
    [Range(-20.0, 20.0)]
    public double ForgetFrom { get; init; } = 3;

    /// <value>The forget gate of the last head before its sigmoid; those between are spaced evenly. Default 6, xLSTM's.</value>
    [Range(-20.0, 20.0)]
    public double ForgetTo { get; init; } = 6;

    /// <value>The output gate before its sigmoid. Default 4: nearly open.</value>
    [Range(-20.0, 20.0)]
    public double Output { get; init; } = 4;
}
