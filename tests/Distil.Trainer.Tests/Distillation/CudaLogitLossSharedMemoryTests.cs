using Distil.Inference.Cuda;
using Distil.Trainer.Distillation;

namespace Distil.Trainer.Tests.Distillation;

public sealed class CudaLogitLossSharedMemoryTests
{
    [Theory]
    [InlineData(1024 * 2, 227, 2048)]               // the sample's vocabulary: whole
    [InlineData(151_936 * 2, 227, 112_128)]         // Qwen's on an H100: what two blocks of a multiprocessor can use
    [InlineData(151_936 * 2, 163, 79_360)]          // on an A100
    [InlineData(151_936 * 4, 99, 46_592)]           // on a consumer card
    public void A_block_keeps_what_half_a_multiprocessor_holds_of_a_row(long rowBytes, int sharedKibibytes, int expected) =>
        Assert.Equal(expected, CudaLogitLoss.Cached(rowBytes, new CudaCard("a card", 9, 0, 132, sharedKibibytes * 1024, 0)));
}
