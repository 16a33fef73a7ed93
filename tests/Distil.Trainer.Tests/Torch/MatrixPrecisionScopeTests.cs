using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Torch;

public sealed class MatrixPrecisionScopeTests
{
    [Fact]
    public void Sets_the_precision_and_restores_the_earlier_one()
    {
        var earlier = backends.cuda.matmul.allow_tf32;
        using (new MatrixPrecisionScope(!earlier))
        {
            Assert.Equal(!earlier, backends.cuda.matmul.allow_tf32);
        }

        Assert.Equal(earlier, backends.cuda.matmul.allow_tf32);
    }
}
