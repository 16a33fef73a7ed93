using Distil.Core.Specification;
using Distil.Inference.Engines;

namespace Distil.Trainer.Commands;

/// <summary>The input of <c>generate</c>.</summary>
/// <param name="Model">Its folder.</param>
/// <param name="Prompt">Text to continue.</param>
/// <param name="Tokens">Maximum number of new tokens.</param>
/// <param name="Device">Where the model runs.</param>
internal sealed record GenerateInput(string Model, string Prompt, int Tokens, ComputeDevice Device = ComputeDevice.Auto)
{
    /// <value>How the engine computes, if it runs the model.</value>
    internal EngineOptions Engine { get; init; } = new();
}
