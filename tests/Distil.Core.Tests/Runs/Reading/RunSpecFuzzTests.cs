using System.Text;
using System.Text.Json;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Fuzzing;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Reading;

/// <summary>Specifications and teachers' folders with arbitrary content.</summary>
public sealed class RunSpecFuzzTests : IDisposable
{
    private static readonly string Samples = Path.Combine(AppContext.BaseDirectory.Split("/tests/")[0], "samples");
    private static readonly string Valid = File.ReadAllText(Path.Combine(Samples, "paper.json"));
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Arbitrary_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Arbitrary, Parse);

    [Fact]
    public Task Arbitrary_text() => Hostile.EndsInAsync<InvalidInputException>(Gen.String, Parse);

    [Fact]
    public Task A_changed_text() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(Encoding.UTF8.GetBytes(Valid)), Parse);

    [Fact]
    public Task Changed_values() => Hostile.EndsInAsync<InvalidInputException>(Mutations.OfJson(Valid), Parse, iterations: 5_000);

    [Fact]
    public Task Deep_nesting() =>
        Hostile.EndsInAsync<InvalidInputException>(Gen.Int[0, 200_000].Select(depth => new string('[', depth)), Parse, iterations: 20);

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    [InlineData("model.safetensors.index.json")]
    public Task A_changed_teacher(string file)
    {
        var teacher = Teacher();
        var path = Path.Combine(teacher, file);
        return Hostile.EndsInAsync<InvalidInputException>(Mutations.OfJson(File.ReadAllText(path)), bytes => Plan(path, teacher, bytes), iterations: 150);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("model.safetensors")]
    [InlineData("model.safetensors.index.json")]
    public Task A_damaged_teacher(string file)
    {
        var teacher = Teacher();
        var path = Path.Combine(teacher, file);
        return Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(File.ReadAllBytes(path)), bytes => Plan(path, teacher, bytes), iterations: 150);
    }

    private static void Parse(byte[] bytes) => RunSpecReader.Parse(Encoding.UTF8.GetString(bytes), "spec.json", "/somewhere");

    private void Plan(string path, string teacher, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        var spec = new RunSpec
        {
            Name = "fuzz",
            Teacher = new TeacherSpec { Path = teacher },
            Dataset = new DatasetSpec { Sources = [Path.Combine(_folder.Path, "text.txt")], ContextLength = 8 },
        };
        new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(spec).GetAwaiter().GetResult();
    }

    private string Teacher()
    {
        var teacher = Directory.CreateDirectory(Path.Combine(_folder.Path, "teacher")).FullName;
        File.WriteAllText(Path.Combine(_folder.Path, "text.txt"), "Once upon a time.\n");
        TinyTeacher.Write(teacher);
        File.WriteAllText(Path.Combine(teacher, "tokenizer_config.json"), """{"eos_token": {"content": "<|end|>"}, "bos_token": null, "chat_template": "{{ messages }}"}""");
        File.WriteAllText(Path.Combine(teacher, "generation_config.json"), """{"eos_token_id": [256, 1], "temperature": 0.7}""");
        File.WriteAllText(
            Path.Combine(teacher, "model.safetensors.index.json"),
            JsonSerializer.Serialize(new { weight_map = TinyTeacher.Shapes.Keys.ToDictionary(name => name, _ => "model.safetensors") }));
        return teacher;
    }
}
