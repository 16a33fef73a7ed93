using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tasks;

namespace Distil.Core.Tests.Tasks;

public sealed class TaskFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("""{"question": "Two and two make", "choices": ["three", "four"], "answer": 1}""")]
    [InlineData("""{"question": "Two and two make", "choices": ["three", "four"], "answer": "four"}""")]
    [InlineData("""{"question": "Two and two make", "choices": ["three", "four"], "answer": "1", "more": null}""")]
    public void A_plain_question_stands_as_it_is(string line) => AssertReads(line, "Two and two make", ["three", "four"], 1);

    [Fact]
    public void HellaSwag_is_cleaned_as_the_harness_cleans_it() => AssertReads(
        """
        {"activity_label": "Baking", "ctx_a": "[header] How to bake [title] Mix.", "ctx_b": "the Cook", "endings": ["stirs [step] it.  Then rests. ", "leaves."], "label": "0"}
        """,
        "Baking: How to bake. Mix. The cook", ["stirs it. Then rests.", "leaves."], 0);

    [Theory]
    [InlineData("""{"question": "Why?", "choices": {"text": ["a", "b", "c"], "label": ["1", "2", "3"]}, "answerKey": "3"}""")]
    [InlineData("""{"question": {"stem": "Why?", "choices": [{"text": "a", "label": "A"}, {"text": "b", "label": "B"}, {"text": "c", "label": "C"}]}, "answerKey": "C"}""")]
    public void Both_of_ARCs_layouts_are_read(string line) => AssertReads(line, "Question: Why?\nAnswer:", ["a", "b", "c"], 2);

    [Fact]
    public void PIQA_has_two_solutions() =>
        AssertReads("""{"goal": "Open it", "sol1": "push", "sol2": "pull", "label": 1}""", "Question: Open it\nAnswer:", ["push", "pull"], 1);

    [Fact]
    public void Examples_are_the_files_first_questions_and_never_the_question_itself()
    {
        Write(Plain("A", 0), Plain("B", 1), Plain("C", 0));
        var questions = TaskFile.Read(Task() with { Shots = 1, MaxQuestions = 2 });
        Assert.Equal(["B 2\n\nA", "A 1\n\nB"], questions.Select(question => question.Context));
    }

    [Fact]
    public void Examples_may_come_from_another_file()
    {
        Write(Plain("A", 0));
        var other = _path + ".shots";
        File.WriteAllText(other, Plain("S", 1));
        Assert.Equal("S 2\n\nA", Assert.Single(TaskFile.Read(Task() with { Shots = 1, ShotsPath = other })).Context);
        File.Delete(other);
    }

    [Theory]
    [InlineData("""{"question": "a", "choices": ["b"], "answer": 0}""", ":1: choices is [\"b\"]; expected two or more, none of them empty")]
    [InlineData("""{"question": "a", "choices": ["b", " "], "answer": 0}""", ":1: choices is [\"b\", \" \"]; expected two or more")]
    [InlineData("""{"question": "a", "choices": ["b", "c"], "answer": 2}""", ":1: the answer is missing or does not fit; expected one of the 2 choices")]
    [InlineData("""{"question": "a", "choices": ["b", "c"], "answer": "d"}""", ":1: answer is \"d\"; expected the index of a choice, from 0")]
    [InlineData("""{"question": "a", "choices": "b", "answer": 0}""", ":1: choices is \"b\"; expected a list of texts")]
    [InlineData("""{"choices": ["b", "c"], "answer": 0}""", ":1: question is missing or does not fit")]
    [InlineData("""{"goal": "a", "sol1": "b", "label": 0}""", ":1: sol2 is missing or does not fit")]
    [InlineData("""{"question": "a", "choices": {"text": ["b", "c"], "label": ["A", "B"]}, "answerKey": "C"}""", ":1: the answer is missing or does not fit")]
    [InlineData("""[1, 2]""", ":1: choices is missing or does not fit")]
    [InlineData("""{"question": """, ":1: is not JSON")]
    [InlineData("""{"question":"cut \ud83d","choices":["a","b"],"answer":0}""", ":1: has half of a surrogate pair")]
    [InlineData("""{"question":"cut","choices":["a","\udc00"],"answer":0}""", ":1: has half of a surrogate pair")]
    [InlineData("""[{"question":"a","choices":["b","c"],"answer":0}]""", ": is one JSON array")]
    [InlineData("", ": has no question")]
    public void What_does_not_fit_is_named_with_its_line(string line, string message)
    {
        Write(line);
        Assert.StartsWith(_path + message, Assert.Throws<InvalidInputException>(() => TaskFile.Read(Task())).Message);
    }

    [Fact]
    public void Questions_are_read_from_UTF_8_alone_and_with_Pythons_numbers()
    {
        File.WriteAllText(_path, "\uFEFF" + Plain("A", 0) + "\r\n\r\n" + Plain("B", 1).Replace("}", ", \"score\": NaN}", StringComparison.Ordinal));
        Assert.Equal(["A", "B"], TaskFile.Read(Task()).Select(question => question.Context));
        File.WriteAllText(_path, Plain("A", 0), System.Text.Encoding.Unicode);
        Assert.Contains("is UTF-16", Assert.Throws<InvalidInputException>(() => TaskFile.Read(Task())).Message);
        File.WriteAllBytes(_path, [.. System.Text.Encoding.UTF8.GetBytes(Plain("A", 0) + "\n\""), 0xC3, 0x28, (byte)'"']);
        Assert.Contains(":2: is not UTF-8", Assert.Throws<InvalidInputException>(() => TaskFile.Read(Task())).Message);
    }

    [Fact]
    public void A_line_of_brackets_that_none_closes_is_read_in_one_pass()
    {
        var brackets = new string('[', 300_000);
        AssertReads(
            $$"""{"activity_label": "Baking", "ctx_a": "{{brackets}}", "ctx_b": "the Cook", "endings": ["[a] b", "c [d"], "label": 0}""",
            $"Baking: {brackets} The cook", [" b", "c [d"], 0);
    }

    [Fact]
    public void Too_few_questions_for_the_shots_are_named()
    {
        Write(Plain("A", 0), Plain("B", 0));
        Assert.Contains("has 2 questions; 2 shots need 3", Assert.Throws<InvalidInputException>(() => TaskFile.Read(Task() with { Shots = 2 })).Message);
    }

    private void AssertReads(string line, string context, string[] choices, int answer)
    {
        Write(line.ReplaceLineEndings(" "));
        var question = Assert.Single(TaskFile.Read(Task()));
        Assert.Equal((context, answer), (question.Context, question.Answer));
        Assert.Equal(choices, question.Choices);
    }

    private static string Plain(string question, int answer) => $$"""{"question": "{{question}}", "choices": ["1", "2"], "answer": {{answer}}}""";

    private void Write(params string[] lines) => File.WriteAllLines(_path, lines);

    private TaskSpec Task() => new() { Name = "t", Path = _path };
}
