using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>Finds fields that contradict dataset.isolateDocuments.</summary>
internal static class IsolationChecks
{
    private const string Field = "dataset.isolateDocuments";

    public static IEnumerable<FieldError> Find(RunSpec spec)
    {
        if (!spec.Dataset.IsolateDocuments)
        {
            yield break;
        }

        if (spec.Dataset.Chat?.Packing == ChatPacking.None)
        {
            yield return Error("is true and dataset.chat.packing none, whose rows have one conversation each; expected false, or packing whole");
        }

        if (spec.Distillation.Alignment is { Weight: > 0, Kind: AlignmentKind.Frobenius, Reduction: var reduction }
            && reduction is FrobeniusReduction.Average or FrobeniusReduction.Ratio)
        {
            yield return Error($"is true and distillation.alignment.reduction {DistilJson.Word(reduction)}, one norm over all rows of a batch, which are read in parts; "
                + "expected reduction paper or blockWise, or false");
        }
    }

    private static FieldError Error(string fault) => FieldError.Of(FieldPath.Parse(Field), fault);
}
