using Distil.Core.Errors;
using Distil.Trainer.TeacherOutputs;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class ServedRowsTests
{
    [Fact]
    public async Task A_later_row_that_is_refused_does_not_wait_for_an_earlier_one()
    {
        var (earlier, later) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        var first = ServedRows.FirstAsync(new Queue<Task<int>>([earlier.Task, later.Task]));
        later.SetException(new InvalidInputException("refused"));
        Assert.Equal("refused", (await Assert.ThrowsAsync<InvalidInputException>(() => first)).Message);
    }

    [Fact]
    public async Task Rows_that_are_answered_out_of_order_come_in_order()
    {
        var tasks = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource<int>()).ToArray();
        var asked = new Queue<Task<int>>(tasks.Select(task => task.Task));
        tasks[2].SetResult(2);
        tasks[1].SetResult(1);
        var first = ServedRows.FirstAsync(asked);
        Assert.False(first.IsCompleted);
        tasks[0].SetResult(0);
        Assert.Equal(0, await first);
        foreach (var row in new[] { 1, 2 })
        {
            _ = asked.Dequeue();
            Assert.Equal(row, await ServedRows.FirstAsync(asked));
        }
    }
}
