using CsCheck;
using Distil.Core.Specification;
using Distil.Fuzzing;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Chats;

namespace Distil.Trainer.Tests.Datasets.Chats;

public sealed class ConversationPackerTests
{
    private const int Context = 32;

    [Fact]
    public void Conversations_stay_whole_and_none_is_lost_or_repeated() => Gen.Int[2, 40].Array[1, 300].Each(
        lengths =>
        {
            var rows = new List<LabelledTokens>();
            var packer = new ConversationPacker(rows.Add, Context, ChatPacking.Whole, endOfText: 0);
            foreach (var (i, length) in lengths.Index())
            {
                Assert.True(packer.Add(Conversation(i + 1, length)));
            }

            packer.Flush();
            Assert.All(rows, row => Assert.InRange(row.Ids.Length, 1, Context));
            Assert.All(rows, row => Assert.Equal(row.Ids.Index().Select(at => at.Item != 0 && at.Index > 0 && row.Ids[at.Index - 1] == at.Item), row.Counts!));
            var parts = rows.SelectMany(row => row.Ids.Where(id => id != 0).GroupBy(id => id)).ToList();
            Assert.Equal(lengths.Length, parts.Count); // each in one row
            Assert.All(parts, part => Assert.Equal(Math.Min(lengths[part.Key - 1], Context), part.Count()));
            Assert.Equal(packer.Tokens, rows.Sum(row => row.Ids.Length));
        },
        count: 50);

    [Fact]
    public void Rows_of_one_conversation_and_an_end_that_is_there_already()
    {
        var rows = new List<LabelledTokens>();
        var packer = new ConversationPacker(rows.Add, Context, ChatPacking.None, endOfText: 7);
        foreach (var ids in new int[][] { [1, 2], [1, 7], [1, 7, 2] })
        {
            packer.Add(new(new(ids, new bool[ids.Length])));
        }

        Assert.Equal([[1, 2, 7], [1, 7], [1, 7, 2]], rows.Select(row => row.Ids));
    }

    [Fact]
    public void The_first_conversation_beyond_the_maximum_is_the_end()
    {
        var rows = new List<LabelledTokens>();
        var packer = new ConversationPacker(rows.Add, Context, ChatPacking.Whole, endOfText: null, maxTokens: 20);
        Assert.True(packer.Add(Conversation(1, 12)));
        Assert.False(packer.Add(Conversation(2, 9)));
        Assert.True(packer.IsFull);
        Assert.False(packer.Add(Conversation(3, 2)));
        packer.Flush();
        Assert.Equal(12, Assert.Single(rows).Ids.Length);
    }

    private static EncodedText Conversation(int id, int length) =>
        new(new([.. Enumerable.Repeat(id, length)], [false, .. Enumerable.Repeat(true, length - 1)]));
}
