using System.Text.Json;
using System.Text.RegularExpressions;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Api.Requests;

/// <summary>Failures as refused requests.</summary>
internal static partial class ProblemOf
{
    /// <summary>A specification that cannot be used: status 400, with each bad field.</summary>
    public static ApiProblemException Specification(InvalidInputException wrong)
    {
        var errors = wrong.Errors.Count > 0 ? wrong.Errors : FieldIn(wrong.Message) is { } pointer ? [new FieldError(pointer, wrong.Message)] : [];
        var detail = errors.Count switch
        {
            0 => wrong.Message,
            1 => errors[0].Message,
            _ => $"{errors.Count} fields of the specification cannot be used",
        };
        return new ApiProblemException(400, detail, errors);
    }

    /// <summary>Messages of planning begin with the field, as in <c>teacher.path: /x does not exist</c>; null where this one does not.</summary>
    private static string? FieldIn(string message)
    {
        var names = Beginning().Match(message).Groups["field"].Value;
        if (names.Length == 0)
        {
            return null;
        }

        var type = typeof(RunSpec);
        foreach (var name in names.Split('.'))
        {
            var property = type.GetProperties().FirstOrDefault(each => JsonNamingPolicy.CamelCase.ConvertName(each.Name) == name);
            if (property is null)
            {
                return null;
            }

            type = property.PropertyType;
        }

        return FieldPath.Parse(names).Pointer;
    }

    [GeneratedRegex(@"\A(?<field>[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)+)(:| is )")]
    private static partial Regex Beginning();
}
