using Distil.Cli.Serving;
using Distil.Cli.Serving.OpenAi;
using Distil.Inference.Answers;
using Distil.Inference.Scheduling;
using Distil.Inference.Tests.Engines;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>A random student behind the endpoints, for the tests of a class.</summary>
public sealed class ServedModel : IAsyncLifetime
{
    /// <summary>As small models' templates are.</summary>
    private const string Template = """
        {%- for message in messages %}{{ '<' + message.role + '>' + message.content + '\n' }}{% endfor -%}
        {%- if add_generation_prompt %}{{ '<assistant>' }}{% endif -%}
        """;

    private StudentModel? _model;
    private ModelServer? _server;

    internal StudentModel Model => _model!;

    internal Uri Url => _server!.Urls[0];

    /// <summary>A folder with a student of the tiny tokenizer's vocabulary.</summary>
    internal static string WriteFolder(bool template)
    {
        var folder = RandomStudent.Write(RandomStudent.Small with { VocabularySize = 1024, Width = 64 });
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
        if (template)
        {
            File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), Template);
        }

        return folder;
    }

    public async ValueTask InitializeAsync()
    {
        _model = StudentModel.Open(WriteFolder(template: true), new() { Threads = 1 }, new SchedulerOptions { Slots = 4 });
        _server = await StartAsync(_model, null);
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _model!.DisposeAsync();
    }

    internal static Task<ModelServer> StartAsync(StudentModel model, string? apiKey) => ModelServer.StartAsync(
        model, new() { MaxTokens = 4096 }, new ServeOptions { Urls = [new("http://127.0.0.1:0")], ApiKey = apiKey }, TestContext.Current.CancellationToken);
}
