using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Xlstm.Stack;

public sealed class SavedTensorsTests
{
    [Fact]
    public void Outlive_the_scope_they_were_made_in_and_end_with_the_one_they_were_handed_to()
    {
        var kept = new SavedTensors();
        Tensor tensor;
        using (NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                using (NewDisposeScope())
                {
                    tensor = kept.Keep(zeros(2));
                    kept.Keep(tensor); // a second time changes nothing
                }

                Assert.False(tensor.IsInvalid);
                kept.MoveToOuterDisposeScope();
            }

            Assert.False(tensor.IsInvalid);
        }

        Assert.True(tensor.IsInvalid);
    }

    [Fact]
    public void Are_freed_before_their_scope_where_the_way_back_is_done()
    {
        using var scope = NewDisposeScope();
        var kept = new SavedTensors();
        Tensor[] tensors;
        using (NewDisposeScope())
        {
            tensors = [zeros(2), ones(3)];
            kept.Keep([.. tensors]);
        }

        kept.Dispose();
        Assert.All(tensors, tensor => Assert.True(tensor.IsInvalid));
    }
}
