using System.Text;
using Distil.Core.Specification;

namespace Distil.Core.Tasks;

/// <summary>The fields and prompts of each format, as in the tasks of lm-evaluation-harness.</summary>
internal static class QuestionFormats
{
    /// <summary>Reads the question of a line.</summary>
    public static TaskQuestion Read(QuestionFields line, TaskFormat format) => format switch
    {
        TaskFormat.Plain => Plain(line),
        TaskFormat.Hellaswag => Hellaswag(line),
        TaskFormat.Arc => Arc(line),
        TaskFormat.Piqa => Piqa(line),
        _ => Read(line, Detect(line)),
    };

    private static TaskFormat Detect(QuestionFields line) =>
        line.Has("endings") ? TaskFormat.Hellaswag : line.Has("goal") ? TaskFormat.Piqa : line.Has("answerKey") ? TaskFormat.Arc : TaskFormat.Plain;

    /// <summary>{question, choices, answer}: the question is used as it is; the answer is an index from 0, or the right choice itself.</summary>
    private static TaskQuestion Plain(QuestionFields line)
    {
        var choices = line.Texts("choices");
        var named = line.IsText("answer") ? choices.ToList().IndexOf(line.Text("answer")) : -1;
        return new TaskQuestion(line.Text("question"), choices, named >= 0 ? named : line.Index("answer"));
    }

    /// <summary>{activity_label, ctx_a, ctx_b, endings, label}.</summary>
    private static TaskQuestion Hellaswag(QuestionFields line)
    {
        var context = $"{line.Text("activity_label")}: {line.Text("ctx_a")} {Capitalised(line.Text("ctx_b"))}";
        return new TaskQuestion(WithoutMarks(context), [.. line.Texts("endings").Select(WithoutMarks)], line.Index("label"));
    }

    /// <summary>{question, choices {text, label}, answerKey}, or the authors' {question {stem, choices [{text, label}]}, answerKey}.</summary>
    private static TaskQuestion Arc(QuestionFields line)
    {
        var inner = line.IsText("question") ? null : line.Inner("question");
        var (question, texts, labels) = inner is not null
            ? (inner.Text("stem"), Each(inner, "text"), Each(inner, "label"))
            : (line.Text("question"), Choices(line).Texts("text"), Choices(line).Texts("label"));
        return new TaskQuestion($"Question: {question}\nAnswer:", texts, labels.ToList().IndexOf(line.Text("answerKey")));

        static IReadOnlyList<string> Each(QuestionFields line, string field) => [.. line.Objects("choices").Select(choice => choice.Text(field))];

        static QuestionFields Choices(QuestionFields line) => line.Inner("choices") ?? throw line.Wrong("choices", "an object with text and label");
    }

    /// <summary>{goal, sol1, sol2, label}.</summary>
    private static TaskQuestion Piqa(QuestionFields line) =>
        new($"Question: {line.Text("goal")}\nAnswer:", [line.Text("sol1"), line.Text("sol2")], line.Index("label"));

    /// <summary>Removes the marks that WikiHow's pages left in HellaSwag.</summary>
    private static string WithoutMarks(string text) =>
        WithoutBrackets(text.Trim().Replace(" [title]", ". ", StringComparison.Ordinal)).Replace("  ", " ", StringComparison.Ordinal);

    // The harness's regular expression \[.*?\] in one pass: it would search the rest of a line again for each opening bracket.
    private static string WithoutBrackets(string text)
    {
        var kept = new StringBuilder(text.Length);
        var (written, searched) = (0, 0);
        while (text.IndexOf('[', searched) is var open and >= 0 && text.AsSpan(open).IndexOfAny(']', '\n') is var length and > 0)
        {
            searched = open + length + 1;
            if (text[open + length] == ']')
            {
                kept.Append(text, written, open - written);
                written = searched;
            }
        }

        return kept.Append(text, written, text.Length - written).ToString();
    }

    // Like Python's capitalize: the rest becomes lower case.
    private static string Capitalised(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();
}
