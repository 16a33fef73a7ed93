using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tasks;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Tasks;

/// <summary>Damaged tasks in each format: read, or refused with the file's name.</summary>
public sealed class TaskFileFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"question": "Two and two make", "choices": ["three", "four"], "answer": 1}""")]
    [InlineData("""{"activity_label": "Baking", "ctx_a": "[header] How", "ctx_b": "the cook", "endings": ["stirs.", "leaves."], "label": "0"}""")]
    [InlineData("""{"question": {"stem": "Why?", "choices": [{"text": "a", "label": "A"}, {"text": "b", "label": "B"}]}, "answerKey": "B"}""")]
    [InlineData("""{"goal": "Open it", "sol1": "push", "sol2": "pull", "label": 1}""")]
    public Task Every_damage_ends_in_an_error_that_names_the_file(string line)
    {
        var path = Path.Combine(_folder.Path, "task.jsonl");
        return Hostile.EndsInAsync<InvalidInputException>(
            Gen.OneOf(Mutations.OfJson(line).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(line + "\n" + line))), bytes =>
            {
                File.WriteAllBytes(path, bytes);
                try
                {
                    Assert.All(TaskFile.Read(new TaskSpec { Name = "t", Path = path }), question => Assert.InRange(question.Answer, 0, question.Choices.Count - 1));
                }
                catch (InvalidInputException wrong)
                {
                    Assert.Contains("task.jsonl", wrong.Message, StringComparison.Ordinal);
                    throw;
                }
            });
    }
}
