using System.CommandLine;
using Distil.Cli.Commands;
using Distil.Core.Errors;
using Distil.Inference.Tests.Engines;

namespace Distil.Cli.Tests.Commands;

public sealed class ExportCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-export-");
    private readonly string _student = RandomStudent.Write(RandomStudent.Small with { VocabularySize = 1024 });

    private string Output => Path.Combine(_folder.FullName, "out");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Each_form_is_a_folder_whose_card_says_what_it_costs()
    {
        File.Copy("Golden/tokenizer-tiny/tokenizer.json", Path.Combine(_student, "tokenizer.json"));
        var text = Path.Combine(_folder.FullName, "held-out.txt");
        await File.WriteAllTextAsync(text, "The cat sat on the mat and looked at the birds.", TestContext.Current.CancellationToken);
        Assert.Equal(0, await RunAsync(_student, "--to", "hf,onnx", "--weights", "bf16,int8", "--output", Output, "--evaluate", text));
        Assert.Equal(["hf-bf16", "onnx-bf16", "onnx-int8"], new DirectoryInfo(Output).EnumerateFileSystemInfos().Select(folder => folder.Name).Order());
        var card = await File.ReadAllTextAsync(Path.Combine(Output, "onnx-int8", "README.md"), TestContext.Current.CancellationToken);
        Assert.Contains("tokens of held-out.txt", card, StringComparison.Ordinal);
        Assert.Contains("| same most probable token |", card, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_student_that_does_not_exist_and_forms_that_do_not_are_refused()
    {
        var missing = Path.Combine(_folder.FullName, "none");
        Assert.Equal($"{missing}: no such folder", (await RefusedAsync(missing, "--output", Output)).Message);
        Assert.StartsWith("--weights is fp16", (await RefusedAsync(_student, "--weights", "fp16", "--output", Output)).Message, StringComparison.Ordinal);
        Assert.Equal(
            $"--evaluate: {missing}: no such file", (await RefusedAsync(_student, "--output", Output, "--evaluate", missing)).Message);
        Assert.Contains("--output", Assert.Single(Parse(_student).Errors).Message, StringComparison.Ordinal);
        Assert.Equal("--tokens is 1; expected 2 or more", Assert.Single(Parse(_student, "--output", Output, "--tokens", "1").Errors).Message);
        Assert.False(Directory.Exists(Output));
    }

    private static Task<InvalidInputException> RefusedAsync(params string[] arguments) =>
        Assert.ThrowsAsync<InvalidInputException>(() => RunAsync(arguments));

    private static Task<int> RunAsync(params string[] arguments) => Parse(arguments).InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken);

    private static ParseResult Parse(params string[] arguments) =>
        ExportCommand.Create(new CommandContext(new(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)).Parse(arguments);
}
