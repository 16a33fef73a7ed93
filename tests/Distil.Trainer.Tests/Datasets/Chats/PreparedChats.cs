using System.Text;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Tests.Datasets.Chats;

/// <summary>Prepares chat data with a template and shows the rows as text, with brackets around what counts.</summary>
internal sealed class PreparedChats : IDisposable
{
    /// <summary>ChatML.</summary>
    internal const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static readonly HuggingFaceTokenizer Usual = HuggingFaceTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"));

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-chats-").FullName;

    internal PreparedChats(string template = ChatMl, ChatSpec? chat = null, int contextLength = 512)
    {
        File.WriteAllText(At("chat_template.jinja"), template);
        Spec = new() { Sources = [], Format = DatasetFormat.Jsonl, ContextLength = contextLength, EvalFraction = 0, Chat = chat ?? new ChatSpec() };
    }

    internal DatasetSpec Spec { get; set; }

    /// <value>Default: the sample teacher's.</value>
    internal HuggingFaceTokenizer Tokenizer { get; init; } = Usual;

    internal PreparedShard? Counts { get; private set; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    internal string At(string name) => Path.Combine(_folder, name);

    /// <summary>The rows of lines of JSON.</summary>
    internal IReadOnlyList<string> Rows(params string[] lines)
    {
        File.WriteAllLines(At("chats.jsonl"), lines);
        return RowsOf("chats.jsonl");
    }

    /// <summary>The rows of a file.</summary>
    internal IReadOnlyList<string> RowsOf(string file)
    {
        var shard = ShardPlanner.Plan([LocalSources.FileAt(At(file))], [], Spec with { Sources = [At(file)] }).Single();
        Counts = new ShardPreparer(Tokenizer, Spec, open: null, _folder).Prepare(shard, At("train.bin"), At("eval.bin"));
        using var rows = TokenRows.Open(At("train.bin"));
        return [.. Enumerable.Range(0, (int)rows.Rows).Select(row => Show(rows, row))];
    }

    private string Show(TokenRows rows, int row)
    {
        var (ids, counts) = (new long[rows.ContextLength], new bool[rows.ContextLength]);
        var length = rows.ReadRow(row, ids);
        rows.ReadMask(row, counts);
        var shown = new List<byte>();
        for (var i = 0; i <= length; i++)
        {
            var (before, now) = (i > 0 && counts[i - 1], i < length && counts[i]);
            shown.AddRange(before == now ? [] : now ? "["u8 : "]"u8);
            shown.AddRange(i < length ? Tokenizer.BytesOf((int)ids[i]) : []);
        }

        return Encoding.UTF8.GetString([.. shown]);
    }
}
