using Distil.Core.Specification;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The smallest set of tokens with a given mass, and the sum of the others at each temperature node.</summary>
internal static class Nucleus
{
    /// <summary>Selects from the logits of n positions.</summary>
    /// <param name="logits">(n, V) float32; overwritten.</param>
    /// <param name="settings">TopP, MaxTokens, the nucleus's temperature and the nodes.</param>
    /// <param name="found">Receives the result in the layout of <see cref="TeacherTargets"/>, with K the cap; used slots come first, most probable
    /// first.</param>
    internal static void Select(Tensor logits, ExtractionSettings settings, (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) found)
    {
        using var scope = NewDisposeScope();
        var most = found.TokenIds.shape[1];
        logits.sub_(logits.logsumexp(-1, keepdim: true));                                             // (n, V), log p
        var (top, ids) = logits.topk((int)most);                                                      // (n, K), falling
        var unused = Unused(logits, top, settings);
        top = top.masked_fill(unused, double.NegativeInfinity);
        ids = where(unused, ids.narrow(-1, 0, 1), ids);

        var rest = logits.scatter_(-1, ids, full_like(top, double.NegativeInfinity));                 // log p outside the nucleus
        var tail = stack(settings.InverseTemperatures.Select(x => (rest * x).logsumexp(-1)), -1);     // (n, M)
        found.TokenIds.copy_(ids);
        found.LogProbabilities.copy_(top);
        found.TailLogSumExp.copy_(tail);
    }

    /// <summary>Whether a nucleus needs one more token: the rule of every form. Rounded masses may reach 1 before the last token.</summary>
    /// <param name="keep">The nucleus.</param>
    /// <param name="used">Number of tokens that it has, the most probable.</param>
    /// <param name="mass">Their mass.</param>
    internal static bool Needs(KeepSpec keep, int used, double mass) => used == 0 || keep.TopP >= 1 || mass < keep.TopP;

    /// <returns>(n, K) bool: slots after the mass is reached, by the rule of <see cref="Needs"/>.</returns>
    private static Tensor Unused(Tensor logProbabilities, Tensor top, ExtractionSettings settings)
    {
        if (settings.Keep.TopP >= 1)
        {
            return zeros_like(top, ScalarType.Bool);
        }
        var x = 1 / settings.NucleusTemperature;
        var mass = (top * x - (logProbabilities * x).logsumexp(-1, keepdim: true)).exp();
        var unused = (mass.cumsum(-1) - mass).ge(settings.Keep.TopP);
        unused.narrow(-1, 0, 1).zero_();
        return unused;
    }
}
