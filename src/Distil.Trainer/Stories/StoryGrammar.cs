using System.Reflection;

namespace Distil.Trainer.Stories;

/// <summary>The rules and tables of <c>stories.grammar</c>; the head of that file describes them.</summary>
internal sealed class StoryGrammar
{
    private readonly Dictionary<string, List<string>> _rules = [];
    private readonly List<IReadOnlyList<IReadOnlyList<KeyValuePair<string, string>>>> _tables = [];

    private StoryGrammar()
    {
    }

    /// <value>The tables in the order in which a story draws from them; each row fixes its slots.</value>
    public IReadOnlyList<IReadOnlyList<IReadOnlyList<KeyValuePair<string, string>>>> Tables => _tables;

    /// <summary>The alternatives of a rule.</summary>
    public IReadOnlyList<string> Alternatives(string rule) =>
        _rules.TryGetValue(rule, out var alternatives) ? alternatives : throw new InvalidDataException($"stories.grammar: no rule named {rule}");

    /// <summary>Loads the grammar embedded in this assembly.</summary>
    public static StoryGrammar Load()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("stories.grammar")
            ?? throw new InvalidDataException("stories.grammar is not embedded");
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }

    internal static StoryGrammar Parse(string text)
    {
        var grammar = new StoryGrammar();
        List<string>? alternatives = null;
        List<IReadOnlyList<KeyValuePair<string, string>>>? rows = null;
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line[0] != ' ')
            {
                var name = line.TrimEnd(':');
                var isTable = name.StartsWith("draw ", StringComparison.Ordinal);
                alternatives = isTable ? null : grammar._rules[name] = [];
                rows = isTable ? [] : null;
                if (rows is not null)
                {
                    grammar._tables.Add(rows);
                }
            }
            else if (rows is not null)
            {
                rows.Add([.. line.Trim()[2..].Split("; ").Select(slot => slot.Split(" = ")).Select(pair => KeyValuePair.Create(pair[0], pair[1]))]);
            }
            else
            {
                (alternatives ?? throw new InvalidDataException($"stories.grammar: '{line}' stands before any rule")).Add(line.Trim());
            }
        }

        return grammar;
    }
}
