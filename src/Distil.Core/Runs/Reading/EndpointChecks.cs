using System.Globalization;
using Distil.Core.Endpoints;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>Finds what a served teacher cannot give: it sends the log-probabilities of some tokens at temperature 1, and nothing else.</summary>
/// <remarks>At another temperature T the other tokens' mass is Σ p^(1/T), which does not follow from Σ p; and drawing from them needs each of their
/// probabilities.</remarks>
internal static class EndpointChecks
{
    /// <summary>Finds fields that contradict <c>teacher.endpoint</c>.</summary>
    public static IEnumerable<FieldError> Find(RunSpec spec)
    {
        if (spec.Teacher.Endpoint is not { } endpoint)
        {
            yield break;
        }

        if (EndpointAddress.Fault(endpoint.Url) is { } fault)
        {
            yield return Error("teacher.endpoint.url", fault);
        }

        if (spec.Teacher.Mode == TeacherMode.Online)
        {
            yield return Error("teacher.mode", "is online and teacher.endpoint is set; expected offline, because only stored outputs come from a server");
        }

        foreach (var (field, value) in new[]
        {
            ("distillation.temperature.from", spec.Distillation.Temperature.From), ("distillation.temperature.to", spec.Distillation.Temperature.To),
            ("teacher.keep.highestTemperature", spec.Teacher.Keep.HighestTemperature ?? 1),
        })
        {
            if (value != 1)
            {
                yield return Error(field,
                    $"is {value.ToString(CultureInfo.InvariantCulture)} and teacher.endpoint is set; expected 1, because a server's log-probabilities give the "
                    + "mass of the tokens that are not kept at temperature 1 only");
            }
        }

        if (spec.Teacher.Keep.TailDraws > 0)
        {
            yield return Error("teacher.keep.tailDraws",
                $"is {spec.Teacher.Keep.TailDraws} and teacher.endpoint is set; expected 0, because draws need the probability of every token");
        }

        if (spec.Teacher.Keep.HiddenStates)
        {
            yield return Error("teacher.keep.hiddenStates", "is true and teacher.endpoint is set; expected false, because a server gives no hidden states");
        }

        if (spec.Distillation.Alignment is { Kind: not AlignmentKind.None, Weight: > 0 } alignment)
        {
            yield return Error("distillation.alignment.kind",
                $"is {DistilJson.Word(alignment.Kind)} and teacher.endpoint is set; expected none, because a server gives no hidden states");
        }
    }

    private static FieldError Error(string field, string fault) => FieldError.Of(FieldPath.Parse(field), fault);
}
