using System.Text.Json;
using Distil.Core;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Trainer.Commands;
using Distil.Trainer.Models;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Tests.Datasets.Chats;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Commands;

public sealed class EvaluateCommandTests : IDisposable
{
    private static readonly string Model = Path.Combine(AppContext.BaseDirectory, "Golden", "qwen2-tiny");
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-evaluate-").FullName;

    private string Data => Path.Combine(_folder, "data.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("qwen2-tiny")]
    [InlineData("llama-tiny")]
    [InlineData("xlstm-tiny")]
    public void Gives_the_cross_entropy_of_the_golden_logits(string name)
    {
        using var scope = NewDisposeScope();
        var model = Path.Combine(AppContext.BaseDirectory, "Golden", name);
        using var golden = SafetensorsFile.Open(Path.Combine(model, "case.safetensors"));
        var (ids, logits) = (golden.Read("input_ids"), golden.Read("logits"));             // (B, S), (B, S, V)
        File.WriteAllLines(Data, Enumerable.Range(0, (int)ids.shape[0]).Select(b => $"{{\"ids\": [{string.Join(", ", ids[b].data<long>().ToArray())}]}}"));
        var label = ids.narrow(1, 1, ids.shape[1] - 1).unsqueeze(-1);
        var expected = -logits.narrow(1, 0, ids.shape[1] - 1).to_type(float64).log_softmax(-1).gather(-1, label).mean().item<double>();

        using var output = new StringWriter();
        Assert.Equal(0, EvaluateCommand.Create(SourceCatalog.Create(new SourceSettings(), TimeProvider.System))
            .Parse(["--model", model, "--teacher", model, "--data", Data, "--context", $"{ids.shape[1]}", "--json"]).Invoke(new() { Output = output }));

        var result = JsonSerializer.Deserialize<EvaluationResult>(output.ToString(), DistilJson.Options)!;
        Assert.Equal(expected, result.Student.CrossEntropy, 1e-4 * expected);
        Assert.Equal(Math.Exp(expected), result.Teacher!.Perplexity, 1e-3 * Math.Exp(expected));
        Assert.Equal(0, result.Kl!.Value, 1e-6);
        Assert.Equal(ids.shape[0] * (ids.shape[1] - 1), result.Tokens);
    }

    [Fact]
    public void Says_it_in_words_and_stops_at_the_most_rows()
    {
        File.WriteAllLines(Data, Enumerable.Repeat("{\"ids\": [1, 2, 3, 4]}", 5));
        using var output = new StringWriter();
        Assert.Equal(0, EvaluateCommand.Create(SourceCatalog.Create(new SourceSettings(), TimeProvider.System))
            .Parse(["--model", Model, "--data", Data, "--context", "4", "--max-rows", "2"]).Invoke(new() { Output = output }));
        Assert.Matches(@"^perplexity +\d+\.\d{4} ± \d+\.\d{4}\n", output.ToString());
        Assert.Matches(@"tokens +6\n", output.ToString());
    }

    [Fact]
    public void A_tokenizer_adds_perplexity_by_words_and_bytes()
    {
        var teacher = Repository.Sample("stories", "teacher");
        File.WriteAllText(Data, """
            {"text": "Once upon a time there was a little rabbit named Ruby."}
            {"text": "Mia had a blue hat. Every day she wore it."}
            """);
        using var output = new StringWriter();
        Assert.Equal(0, EvaluateCommand.Create(SourceCatalog.Create(new SourceSettings(), TimeProvider.System))
            .Parse(["--model", teacher, "--data", Data, "--context", "8"]).Invoke(new() { Output = output }));
        Assert.Matches(@"word perplexity +\d+\.\d{4} ± \d+\.\d{4}\n", output.ToString());
        Assert.Matches(@"bits per byte +[01]\.\d{4} ± \d+\.\d{4}\n", output.ToString());
    }

    [Fact]
    public void Of_conversations_only_the_answers_count()
    {
        var teacher = Repository.Sample("stories", "teacher");
        File.Copy(Path.Combine(teacher, "tokenizer.json"), Path.Combine(_folder, "tokenizer.json"));
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), PreparedChats.ChatMl);
        File.WriteAllText(Data, """{"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "A little rabbit named Ruby."}]}""");
        long Tokens(params string[] options)
        {
            using var output = new StringWriter();
            Assert.Equal(0, EvaluateCommand.Create(SourceCatalog.Create(new SourceSettings(), TimeProvider.System))
                .Parse(["--model", teacher, "--tokenizer", _folder, "--data", Data, "--context", "64", "--json", .. options]).Invoke(new() { Output = output }));
            return JsonSerializer.Deserialize<EvaluationResult>(output.ToString(), DistilJson.Options)!.Tokens;
        }

        var (answers, all) = (Tokens("--chat"), Tokens("--chat", "messages", "--chat-train", "all"));
        Assert.InRange(answers, 5, all - 5);
        var command = EvaluateCommand.Create(SourceCatalog.Create(new SourceSettings(), TimeProvider.System));
        var alone = Assert.Throws<InvalidInputException>(
            () => command.Parse(["--model", teacher, "--data", Data, "--chat-train", "all"]).Invoke(new() { EnableDefaultExceptionHandler = false }));
        Assert.Equal("--chat-train is set without --chat; expected --chat beside it", alone.Message);
    }

    [Fact]
    public void Bad_input_is_one_error_that_names_it()
    {
        Assert.Contains("data.jsonl", Error(new EvaluateInput(Model, null, Data, null)));
        File.WriteAllText(Data, "{\"ids\": [1, 2, 999999]}");
        Assert.Contains("data.jsonl:1", Error(new EvaluateInput(Model, null, Data, null)));
        File.WriteAllText(Data, "\n");
        Assert.Contains("nothing to predict", Error(new EvaluateInput(Model, null, Data, null)));
        File.WriteAllText(Data, "{\"text\": \"no tokenizer is there\"}");
        Assert.Contains("tokenizer.json", Error(new EvaluateInput(Model, null, Data, null)));
        Assert.Contains("--context", Error(new EvaluateInput(Model, null, Data, null) { Context = 1 }));
        Assert.Contains("--context is 9999999", Error(new EvaluateInput(Model, null, Data, null) { Context = 9_999_999 }));
        Assert.Contains("--max-rows", Error(new EvaluateInput(Model, null, Data, null) { MaxRows = 0 }));
    }

    [Fact]
    public void A_tokenizer_larger_than_the_models_vocabulary_is_refused()
    {
        using var model = LanguageModelLoader.Load(Model, CPU);
        File.WriteAllText(Data, "{\"text\": \"hello\"}");
        var tokenizer = Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny");
        Assert.True(model.VocabularySize < 1024, "the golden model is smaller than the golden tokenizer");
        Assert.Contains("vocab_size", Error(new EvaluateInput(Model, null, Data, tokenizer)));
    }

    private static string Error(EvaluateInput input) =>
        Assert.Throws<InvalidInputException>(() => ModelEvaluation.Run(input, TextWriter.Null, TestContext.Current.CancellationToken)).Message;
}
