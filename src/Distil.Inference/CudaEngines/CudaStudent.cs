using System.Reflection;
using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Inference.Cuda;
using Distil.Inference.Generation;

namespace Distil.Inference.CudaEngines;

/// <summary>A student in the memory of an NVIDIA card, without torch: large matrices in bfloat16, states and all sums in float32.</summary>
/// <remarks>A sequence gets the same bits alone and among others, and on every card of one architecture.</remarks>
internal sealed class CudaStudent : ITextModel, IDisposable
{
    private readonly DeviceWeights _weights;
    private readonly CudaModule _kernels;

    private CudaStudent(string folder, CudaPlatform platform, DeviceWeights to)
    {
        (Card, _weights) = (platform.Card, to);
        _kernels = CudaModule.Load(platform, Assembly.GetExecutingAssembly(), "decode.cu");
        Network = DeviceNetwork.Read(folder, to);
    }

    /// <value>What was read of its folder, and what was not.</value>
    public ModelReading Reading => Network.Reading;

    /// <inheritdoc/>
    public int VocabularySize => Network.Shape.VocabularySize;

    /// <inheritdoc/>
    public int? MaxPositions => Network.MaxPositions;

    /// <value>Bytes of a sequence's state, but for the keys and values of layers that keep attention.</value>
    internal long StateBytes => (long)Network.StateLength * sizeof(float);

    /// <value>Bytes of weights that are read for a step.</value>
    internal long WeightBytes => Network.WeightBytes;

    /// <value>The card.</value>
    internal CudaCard Card { get; }

    /// <value>Its layers.</value>
    internal DeviceNetwork Network { get; }

    /// <summary>Why a student cannot run here on any card; null if it can.</summary>
    /// <exception cref="InvalidInputException">Its config.json cannot be read.</exception>
    internal static string? UnavailableReason(string folder) => DeviceNetwork.UnavailableReason(folder);

    /// <summary>Copies a student's folder to a card.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or a field or tensor does not fit; the message names it.</exception>
    /// <exception cref="CudaKernelException">The card has too little memory, or the kernels do not compile.</exception>
    internal static CudaStudent Open(string folder, CudaPlatform platform)
    {
        var weights = new DeviceWeights(platform.Card);
        try
        {
            return new(folder, platform, weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ITextReader Begin() => new CudaText(new CudaBatch(this, sequences: 1));

    /// <inheritdoc/>
    public void Dispose() => _weights.Dispose();

    /// <summary>Makes a queue for the kernels of this student.</summary>
    /// <param name="memory">What the kernels share.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="steps">Tokens of each.</param>
    /// <param name="stream">The stream.</param>
    internal StepQueue Queue(Workspace memory, SequenceTable sequences, int steps, CudaStream stream) =>
        new(Card, _kernels, memory, sequences, steps, stream);
}
