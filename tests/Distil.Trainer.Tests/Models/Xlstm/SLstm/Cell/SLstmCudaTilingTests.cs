using Distil.Inference.Cuda;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;

namespace Distil.Trainer.Tests.Models.Xlstm.SLstm.Cell;

public sealed class SLstmCudaTilingTests
{
    private static readonly CudaCard H100 = new("H100", 9, 0, 132, 227 * 1024, 0);
    private static readonly CudaCard A100 = new("A100", 8, 0, 108, 163 * 1024, 0);
    private static readonly CudaCard Rtx3090 = new("RTX 3090", 8, 6, 82, 99 * 1024, 0);

    [Theory]
    [InlineData(8, 512, 4)]
    [InlineData(16, 512, 4)]
    [InlineData(32, 512, 2)]
    [InlineData(64, 512, 1)]
    [InlineData(8, 1, 1)]
    public void The_largest_clusters_for_which_there_is_room(long batch, long length, int cluster)
    {
        Assert.Equal(cluster, SLstmCudaTiling.For(H100, 128, heads: 12, batch, length)!.Cluster);
        Assert.Equal(1, SLstmCudaTiling.For(A100, 128, heads: 12, batch, length)!.Cluster);
    }

    [Fact]
    public void A_head_of_96_units_has_clusters_of_three() =>
        Assert.Equal((3, 32), SLstmCudaTiling.For(H100, 96, heads: 4, batch: 8, length: 512) is { } form ? (form.Cluster, form.BlockUnits) : default);

    [Theory]
    [InlineData(8, 32)]
    [InlineData(48, 64)]
    [InlineData(96, 96)]
    [InlineData(128, 128)]
    public void One_block_fits_every_card_that_has_the_kernels(long size, long units)
    {
        foreach (var card in new[] { A100, Rtx3090 })
        {
            var form = SLstmCudaTiling.For(card, size, heads: 12, batch: 17, length: 512)!;
            Assert.Equal((units, 1), (form.BlockUnits, form.Cluster));
            Assert.InRange(Math.Max(form.Forward(12, 17).SharedBytes, form.Backward(12, 17).SharedBytes), 1, card.SharedBytes);
            Assert.Equal((12L, 3), (form.Forward(12, 17).GridX, form.Forward(12, 17).GridY));
        }
    }

    [Fact]
    public void A_head_of_256_units_needs_a_cluster()
    {
        Assert.Equal(8, SLstmCudaTiling.For(H100, 256, heads: 6, batch: 512, length: 1)!.Cluster);
        Assert.Null(SLstmCudaTiling.For(A100, 256, heads: 6, batch: 8, length: 512));
        Assert.Null(SLstmCudaTiling.For(H100, 288, heads: 6, batch: 8, length: 512));
    }

    [Fact]
    public void No_form_where_a_block_has_too_little_shared_memory() =>
        Assert.Null(SLstmCudaTiling.For(A100 with { SharedBytes = 64 * 1024 }, 128, heads: 12, batch: 8, length: 512));
}
