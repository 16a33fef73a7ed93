using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>
/// What the backward pass of <see cref="MLstmCudaCell"/> needs of its forward pass. P is S rounded up to whole chunks, N their number, L their length.
/// </summary>
/// <param name="Inputs">Inputs of the cell.</param>
/// <param name="Source">
/// a, the log weight of a position before forgetting; float32, (B·NH·P), as the next three and Inverse and Slope. <c>mlstm.cu</c> gives the equations.
/// </param>
/// <param name="Peak">u, the largest log weight that a position sees.</param>
/// <param name="Carried">Weight of the state before the chunk.</param>
/// <param name="Written">Weight of a key at its chunk's end.</param>
/// <param name="Keep">Weight of the state before the chunk at its end, (B·NH, N).</param>
/// <param name="Weights">Weighted scores, (B·NH·N, L, L).</param>
/// <param name="Hidden">h, (B·NH·N, L, DH).</param>
/// <param name="Inverse">1 over the normaliser.</param>
/// <param name="Slope">Derivative of the normaliser's absolute value.</param>
/// <param name="Keys">Keys as they count at their chunk's end, (B·NH·N, L, DH); this and the next two are empty if there is one chunk.</param>
/// <param name="States">After each chunk, (B·NH·N, DH, DH).</param>
/// <param name="Normalisers">After each chunk, (B·NH, N, DH).</param>
/// <param name="Q">(B, NH, P, DH), as K and V.</param>
/// <param name="K">Keys.</param>
/// <param name="V">Values.</param>
/// <param name="Composed">The gates' weights over c and over x_m, (2, 2·NH, I).</param>
/// <param name="OfConvolved">What c contributes to the gates, (B, S, 2·NH).</param>
/// <param name="OfInner">What x_m contributes to them.</param>
internal sealed record MLstmCellSaved(
    MLstmCellInputs Inputs, Tensor Source, Tensor Peak, Tensor Carried, Tensor Written, Tensor Keep,
    Tensor Weights, Tensor Hidden, Tensor Inverse, Tensor Slope, Tensor Keys,
    Tensor States, Tensor Normalisers, Tensor Q, Tensor K, Tensor V, Tensor Composed, Tensor OfConvolved, Tensor OfInner);
