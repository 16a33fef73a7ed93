using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Stages;

/// <summary>The gradients of <see cref="AlignmentStage"/>'s loss, layer by layer.</summary>
internal static class AlignmentGradients
{
    /// <summary>Adds a micro-batch's gradients to the new weights', and its share of the losses.</summary>
    /// <param name="model">The student, with its inherited weights frozen.</param>
    /// <param name="memoryWeight">λ.</param>
    /// <param name="rows">The micro-batch.</param>
    /// <param name="tokens">Positions of the step that count, ≥ 1.</param>
    /// <param name="layers">The losses of the replaced layers, float64.</param>
    internal static void Add(LinearisedModel model, double memoryWeight, TokenBatch rows, long tokens, Tensor layers)
    {
        using var scope = NewDisposeScope();
        var real = rows.Counted is { } counted ? PaddingMask.Of(counted, rows.InputIds.shape[1]) : null;             // (B, S)
        var config = model.Shape.Transformer;
        var values = (double)tokens * config.Heads * config.HeadSize; // of all real positions of the step
        if (model.Passes.Fused is { } fused)
        {
            fused.Align(rows.InputIds, real, 1 / values, memoryWeight, layers);
            return;
        }

        var ofHeads = real?.unsqueeze(1).unsqueeze(-1);                                                              // (B, 1, S, 1)
        var next = 0;
        model.Passes.Plain.ForwardTeacher(rows.InputIds, (branches, attention) =>
        {
            using var layerScope = NewDisposeScope();
            var loss = Error(branches.Mixed);
            if (branches.Share is not null && memoryWeight > 0)
            {
                loss += Error(branches.Memory!) * memoryWeight;
            }

            GradientScope.Backward(loss);
            layers[next++].add_(loss.detach().to_type(ScalarType.Float64));

            Tensor Error(Tensor output)
            {
                var square = (Mixer.Wide(output) - Mixer.Wide(attention)).square();
                return (ofHeads is null ? square : square * ofHeads).sum() / values;
            }
        });
    }
}
