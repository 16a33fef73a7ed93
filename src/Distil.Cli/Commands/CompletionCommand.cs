using System.CommandLine;
using Distil.Core.Errors;

namespace Distil.Cli.Commands;

/// <summary><c>distil completion SHELL</c> prints a script that completes commands and options; the script asks <c>distil complete</c>.</summary>
internal static class CompletionCommand
{
    private const string Asking = "complete";

    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            # eval "$(./distil completion bash)"; to keep it: ./distil completion bash > ~/.local/share/bash-completion/completions/distil
            _distil() {
              local IFS=$'\n'
              COMPREPLY=($("${COMP_WORDS[0]}" complete -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
            }
            complete -o default -F _distil distil
            """,
        ["zsh"] = """
            # eval "$(./distil completion zsh)"
            _distil() {
              local -a found
              found=("${(@f)$("${words[1]}" complete -- "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
              [[ -n "$found" ]] && compadd -a found || _files
            }
            compdef _distil distil
            """,
        ["fish"] = """
            # ./distil completion fish | source
            function __distil_complete
                set -l words (commandline -opc)
                $words[1] complete -- (string join ' ' $words (commandline -ct)) 2>/dev/null
            end
            complete -c distil -a '(__distil_complete)'
            """,
        ["pwsh"] = """
            # ./distil completion pwsh | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName distil -ScriptBlock {
                param($word, $command, $position)
                $line = $command.ToString().PadRight($position).Substring(0, $position)
                & $command.CommandElements[0].ToString() complete '--' $line 2>$null | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
                }
            }
            """,
    };

    internal static IEnumerable<Command> Create(Command root)
    {
        var shell = new Argument<string>("shell") { Description = string.Join(", ", Scripts.Keys) };
        shell.CompletionSources.Add([.. Scripts.Keys]);
        var completion = new Command("completion", "Print a script that completes commands and options in a shell.") { shell };
        completion.SetAction(parsed => Console.WriteLine(ScriptFor(parsed.GetRequiredValue(shell))));

        var line = new Argument<string>("line") { Description = "The command line up to the cursor." };
        var complete = new Command(Asking, "Print what may stand at the end of a command line.") { line };
        complete.Hidden = true;
        complete.SetAction(parsed =>
        {
            foreach (var word in Find(root, parsed.GetRequiredValue(line)))
            {
                Console.WriteLine(word);
            }
        });
        return [completion, complete];
    }

    /// <summary>The script for a shell.</summary>
    /// <exception cref="InvalidInputException">There is none.</exception>
    internal static string ScriptFor(string shell) => Scripts.GetValueOrDefault(shell)
        ?? throw new InvalidInputException($"shell is {shell}; expected {string.Join(" or ", Scripts.Keys)}");

    /// <summary>The words that may stand at the end of a line.</summary>
    /// <param name="root">The program.</param>
    /// <param name="line">The line up to the cursor; its first word is the program.</param>
    internal static IReadOnlyList<string> Find(Command root, string line)
    {
        var words = line.TrimStart();
        var space = words.IndexOf(' ', StringComparison.Ordinal);
        var rest = space < 0 ? "" : words[(space + 1)..].TrimStart();
        return [.. root.Parse(rest).GetCompletions(rest.Length).Select(found => found.InsertText ?? found.Label).Distinct(StringComparer.Ordinal)];
    }
}
