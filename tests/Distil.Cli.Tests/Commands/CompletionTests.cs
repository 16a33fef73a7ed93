using System.CommandLine;
using System.Diagnostics;
using Distil.Cli.Commands;
using Distil.Core.Errors;

namespace Distil.Cli.Tests.Commands;

public sealed class CompletionTests
{
    private static readonly Command Root = Program();

    [Theory]
    [InlineData("./distil ru", "run runs")]
    [InlineData("distil run --pl", "--plan-only")]
    [InlineData("distil runs --state f", "Failed")]
    [InlineData("distil completion ", "bash fish pwsh zsh")]
    public void The_words_that_fit_the_line_are_found(string line, string expected) => Assert.Equal(
        expected.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        CompletionCommand.Find(Root, line).Where(word => line.EndsWith("completion ", StringComparison.Ordinal) ? !word.StartsWith('-') && !word.StartsWith('/') : true)
            .Order(StringComparer.Ordinal));

    [Fact]
    public void An_empty_line_lists_the_commands_without_the_hidden_one()
    {
        var words = CompletionCommand.Find(Root, "distil ");
        Assert.Contains("runs", words);
        Assert.DoesNotContain("complete", words);
    }

    [Fact]
    public void A_shell_without_a_script_is_refused_with_those_that_have_one() => Assert.Equal(
        "shell is csh; expected bash or zsh or fish or pwsh", Assert.Throws<InvalidInputException>(() => CompletionCommand.ScriptFor("csh")).Message);

    [Fact]
    public async Task The_script_completes_in_bash()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "it needs bash");
        var folder = Directory.CreateTempSubdirectory("distil-completion-");
        var program = Path.Combine(folder.FullName, "distil");
        await File.WriteAllTextAsync(
            program, "#!/bin/bash\n[ \"$1 $2 $3\" = 'complete -- distil ru' ] && printf 'run\\nruns\\n'\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var script = CompletionCommand.ScriptFor("bash")
            + "\nCOMP_WORDS=(distil ru) COMP_LINE='distil ru' COMP_POINT=9; _distil; echo \"${COMPREPLY[@]}\"";
        using var bash = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", script])
        {
            RedirectStandardOutput = true,
            Environment = { ["PATH"] = $"{folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}" },
        })!;
        Assert.Equal("run runs", (await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim());
        folder.Delete(recursive: true);
    }

    private static Command Program()
    {
        var context = new CommandContext(new(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var root = new Command("distil") { RunCommand.Create(context), RunsCommand.Create(context) };
        foreach (var command in CompletionCommand.Create(root))
        {
            root.Add(command);
        }

        return root;
    }
}
