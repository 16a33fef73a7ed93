using System.CommandLine;
using Distil.Cli.Commands;
using Distil.Core.Errors;

namespace Distil.Cli.Tests.Commands;

public sealed class PushCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-push-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("hf://owner", "hf://owner is not a path of the Hugging Face hub")]
    [InlineData("hf://datasets/owner/name", "is not a model's repository; expected hf://owner/name or hf://owner/name@branch")]
    [InlineData("hf://owner/name/folder", "is not a model's repository")]
    [InlineData("hf://owner/name@0123456789abcdef0123456789abcdef01234567", "is not a model's repository")]
    public async Task What_is_no_repository_or_branch_of_a_model_is_refused(string repository, string message) =>
        Assert.Contains(message, await RefusalAsync(_folder.FullName, repository), StringComparison.Ordinal);

    [Fact]
    public async Task A_folder_without_a_model_is_not_published()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "notes.txt"), "mine", TestContext.Current.CancellationToken);
        Assert.Equal(
            $"{_folder.FullName}: has neither config.json nor model.onnx; expected a student's folder, or one that distil export wrote",
            await RefusalAsync(_folder.FullName, "hf://owner/name"));
    }

    [Fact]
    public async Task Without_a_token_nothing_is_sent()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "config.json"), "{}", TestContext.Current.CancellationToken);
        Assert.StartsWith(
            "hf://models/owner/name@main: no token is set (HF_TOKEN", await RefusalAsync(_folder.FullName, "hf://owner/name"), StringComparison.Ordinal);
    }

    private async Task<string> RefusalAsync(params string[] arguments)
    {
        var context = new CommandContext(
            new() { Sources = new() { Hub = new() { Home = _folder.FullName } } }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        return (await Assert.ThrowsAsync<InvalidInputException>(() => PushCommand.Create(context).Parse(arguments).InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken))).Message;
    }
}
