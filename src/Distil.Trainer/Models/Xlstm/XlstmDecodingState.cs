namespace Distil.Trainer.Models.Xlstm;

/// <summary>A student's recurrent state; its size does not grow with the number of tokens read.</summary>
internal sealed class XlstmDecodingState(long batch, IReadOnlyList<IBlockState> blocks) : IDecodingState
{
    /// <inheritdoc/>
    public long Position { get; internal set; }

    /// <inheritdoc/>
    public long Bytes => blocks.Sum(block => block.Bytes);

    internal long Batch => batch;

    internal IReadOnlyList<IBlockState> Blocks => blocks;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }
}
