using System.Text;
using System.Text.RegularExpressions;

namespace Distil.Inference.ChatTemplates;

/// <summary>The marks around what an assistant generates, <c>{% generation %}…{% endgeneration %}</c>, with which transformers makes masks.</summary>
/// <remarks>@huggingface/jinja removes the marks. Here they become noncharacters of Unicode in the rendered text, which no text contains, and are then cut
/// out.</remarks>
internal static partial class AnswerMarks
{
    private const char Start = '\uFDD0', End = '\uFDD1';

    /// <summary>Whether a template has marks.</summary>
    internal static bool In(string template) => Mark().IsMatch(template);

    /// <summary>The template with marks that are rendered. Each stays inside a block, so that white space around it is treated as before.</summary>
    internal static string Visible(string template) => Mark().Replace(template, mark =>
        $$$"""{%{{{mark.Groups["left"].Value}}} if true %}{{ '{{{(mark.Groups["end"].Length > 0 ? End : Start)}}}' }}{% endif {{{mark.Groups["right"].Value}}}%}""");

    /// <summary>Cuts the marks out of a rendered text.</summary>
    /// <returns>The text and its marked parts; null if the marks do not come in pairs.</returns>
    internal static (string Text, IReadOnlyList<Range> Answers)? Read(string rendered)
    {
        var (text, answers, start) = (new StringBuilder(rendered.Length), new List<Range>(), -1);
        foreach (var character in rendered)
        {
            if (character is not (Start or End))
            {
                text.Append(character);
            }
            else if (character == Start == (start >= 0))
            {
                return null;
            }
            else if (character == Start)
            {
                start = text.Length;
            }
            else
            {
                answers.Add(start..text.Length);
                start = -1;
            }
        }

        return start < 0 ? (text.ToString(), answers) : null;
    }

    [GeneratedRegex(@"\{%(?<left>-?)\s*(?<end>end)?generation\s*(?<right>-?)%\}")]
    private static partial Regex Mark();
}
