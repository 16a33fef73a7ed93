using System.Reflection;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Inference.Cuda;
using Distil.Inference.Engines;
using Distil.Inference.Generation;
using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Weights;

namespace Distil.Inference.CudaEngines;

/// <summary>A student in the memory of an NVIDIA card, without torch: large matrices in bfloat16, states and all sums in float32.</summary>
/// <remarks>A sequence gets the same bits alone and among others, and on every card of one architecture.</remarks>
internal sealed unsafe class CudaStudent : ITextModel, IDisposable
{
    private readonly DeviceWeights _weights;
    private readonly CudaModule _kernels;
    private readonly DeviceLayer[] _layers;
    private readonly long[] _offsets;
    private readonly long _embedding, _finalNorm;
    private readonly bool _halfEmbedding;
    private readonly DeviceMatrix _head;

    private CudaStudent(string folder, CudaPlatform platform, DeviceWeights to)
    {
        (Card, _weights, Config) = (platform.Card, to, XlstmConfigFile.Read(folder));
        _kernels = CudaModule.Load(platform, Assembly.GetExecutingAssembly(), "decode.cu");
        var (mapped, read) = StudentReader.Read(folder, WeightFormat.BFloat16);
        using var weights = mapped;
        using var network = read;
        (_layers, _offsets) = (new DeviceLayer[Config.Blocks], new long[Config.Blocks]);
        for (var block = 0; block < Config.Blocks; block++)
        {
            (_layers[block], _offsets[block]) = (Layer(network.Layers[block]), StateLength);
            StateLength += _layers[block].StateLength;
        }

        _halfEmbedding = network.Embedding.Type == MappedTensor.BFloat16;
        (_embedding, _finalNorm, _head) = (Embedding(network.Embedding), to.Floats(network.FinalNorm.Scale), to.Half(network.Head));
        Reading = network.Reading;
    }

    /// <value>The student's shape.</value>
    public XlstmConfig Config { get; }

    /// <value>What was read of its folder, and what was not.</value>
    public ModelReading Reading { get; }

    /// <inheritdoc/>
    public int VocabularySize => Config.VocabularySize;

    /// <inheritdoc/>
    public int? MaxPositions => null;

    /// <value>Bytes of a sequence's state, however many tokens it has read.</value>
    internal long StateBytes => (long)StateLength * sizeof(float);

    /// <value>Bytes of weights that are read for a step.</value>
    internal long WeightBytes => _head.Bytes + _layers.Sum(layer => layer.WeightBytes);

    /// <value>The card.</value>
    internal CudaCard Card { get; }

    internal int StateLength { get; }

    /// <summary>Why a student cannot run here on any card; null if it can.</summary>
    internal static string? UnavailableReason(string folder) =>
        LinearisedConfigFile.Describes(folder) ? "the engine runs linearised students on the CPU only" : null;

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

    /// <summary>The state before a sequence's first token.</summary>
    internal float[] StartOfState()
    {
        var state = new float[StateLength];
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i].Start(state.AsSpan((int)_offsets[i], _layers[i].StateLength));
        }

        return state;
    }

    /// <summary>Makes a queue for the kernels of this student.</summary>
    internal StepQueue Queue(Workspace memory, long states, int rows, CudaStream stream) => new(Card, _kernels, memory, states, rows, stream);

    /// <summary>Queues that each row reads its token.</summary>
    internal void EnqueueRead(StepQueue queue)
    {
        var memory = queue.Memory;
        queue.Launch("embed", new(queue.Rows, 256), _embedding, _halfEmbedding ? 1 : 0, Config.Width, memory.Tokens.Address, memory.Stream, memory.Stride);
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i].Enqueue(queue, _offsets[i]);
        }
    }

    /// <summary>Queues the logits of each row and the choice of its most likely next token.</summary>
    internal void EnqueueChoice(StepQueue queue)
    {
        var (memory, vocabulary) = (queue.Memory, Config.VocabularySize);
        queue.Norm(_finalNorm, Config.Width);
        queue.Product(_head, memory.Normed, memory.Stride, memory.Logits, vocabulary);
        queue.Launch("choose_parts", new(Workspace.Parts, 256, queue.Rows), memory.Logits, vocabulary, vocabulary, memory.Best, memory.BestToken);
        queue.Launch("choose", new(1, 1024), memory.Best, memory.BestToken, Workspace.Parts, queue.Rows, memory.Tokens.Address, memory.Chosen, memory.Step);
    }

    private DeviceLayer Layer(Layer layer) => layer is SLstmLayer recurrent
        ? new DeviceSLstmLayer(Config, recurrent.Weights, _weights) : new DeviceMLstmLayer(Config, ((MLstmLayer)layer).Weights, _weights);

    private long Embedding(MappedTensor tensor)
    {
        if (_halfEmbedding)
        {
            return _weights.Raw(tensor.Start, tensor.Count * sizeof(ushort));
        }

        fixed (float* values = tensor.ReadAll())
        {
            return _weights.Raw((byte*)values, tensor.Count * sizeof(float));
        }
    }
}
