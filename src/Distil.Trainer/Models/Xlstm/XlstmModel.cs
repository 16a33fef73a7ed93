using Distil.Core.Documents;
using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>The student: the teacher's embedding and head, frozen, around a stack of sLSTM and mLSTM blocks (Distil-xLSTM, arXiv 2503.18565).</summary>
public sealed class XlstmModel : IStudentModel
{
    private Tensor _embedding;
    private readonly Tensor _finalNorm;
    private readonly IReadOnlyDictionary<string, Tensor> _weights;
    private XlstmForms _forms;

    /// <summary>Takes over the tensors: all float32 on one device, in no dispose scope; <paramref name="weights"/> named and shaped as in memory.</summary>
    internal XlstmModel(XlstmConfig config, Tensor embedding, Tensor head, IReadOnlyDictionary<string, Tensor> weights, Backend? backend = null)
    {
        (Config, _embedding, HeadWeight, Device, _weights) = (config, embedding, head, embedding.device, weights);
        TrainableParameters = [.. XlstmParameter.Of(config).Select(parameter => new NamedParameter(parameter.FullName, weights[parameter.FullName]))];
        TrainableParameters.ToList().ForEach(parameter => parameter.Value.requires_grad = true);
        _finalNorm = weights[XlstmParameter.FinalNorm];
        Backend = backend ?? Backend.For(Device);
        _forms = XlstmForms.Choose(Backend, config, weights, ComputeType);
    }

    /// <value>Element type of the blocks' arithmetic and of the result: float32 (default) or bfloat16. The trained weights, the residual stream, norms,
    /// recurrent states and the products of norms that are most sensitive to rounding stay float32 (on a GPU float16). Not to be changed while a state
    /// decodes.</value>
    public ScalarType ComputeType { get; private set; } = ScalarType.Float32;

    /// <inheritdoc/>
    public ModelReading? Reading { get; internal init; }

    /// <inheritdoc/>
    public Backend Backend { get; }

    /// <inheritdoc/>
    public IReadOnlyList<OperationForm> Operations => _forms.Report;

    /// <value>Its shape.</value>
    public XlstmConfig Config { get; }

    /// <inheritdoc/>
    public int VocabularySize => Config.VocabularySize;

    /// <inheritdoc/>
    public int HiddenSize => Config.Width;

    /// <inheritdoc/>
    public Device Device { get; }

    /// <inheritdoc/>
    public Tensor HeadWeight { get; private set; }

    /// <value>The embedding, (V, D); frozen.</value>
    public Tensor EmbeddingWeight => _embedding;

    /// <inheritdoc/>
    public IReadOnlyList<NamedParameter> TrainableParameters { get; }

    /// <inheritdoc/>
    public IReadOnlyList<NamedParameter> Weights => [.. XlstmFolder.FrozenOf(this), .. TrainableParameters];

    /// <summary>A fresh student around a teacher's embedding and head, which are copied and frozen.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="embedding">(V, D), any floating type and device.</param>
    /// <param name="head">(V, D); the same object as <paramref name="embedding"/> shares its copy.</param>
    /// <param name="seed">Seed of the random weights, which are the same on every device.</param>
    /// <param name="device">Device of the student.</param>
    /// <param name="backend">Which kernels it may use; null for all that can run on the device.</param>
    /// <exception cref="InvalidInputException">The configuration is inconsistent, or embedding or head do not fit it.</exception>
    public static XlstmModel Create(XlstmConfig config, Tensor embedding, Tensor head, int seed, Device device, Backend? backend = null)
    {
        config.Validate("student");
        foreach (var (name, tensor) in new[] { ("embedding", embedding), ("head", head) })
        {
            if (!tensor.shape.SequenceEqual([config.VocabularySize, config.Width]))
            {
                throw new InvalidInputException($"student: the teacher's {name} is [{string.Join(", ", tensor.shape)}]; "
                    + $"the student's vocab_size and embedding_dim need [{config.VocabularySize}, {config.Width}]");
            }
        }

        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var random = new Generator((ulong)seed, CPU);
        Tensor Frozen(Tensor source) => source.detach().to(ScalarType.Float32, device, copy: true).DetachFromDisposeScope();
        var weights = XlstmParameter.Of(config).ToDictionary(
            parameter => parameter.FullName, parameter => XlstmInitialization.Make(parameter, config, random).to(device).DetachFromDisposeScope());
        var copy = Frozen(embedding);
        return new(config, copy, config.TieWeights || ReferenceEquals(embedding, head) ? copy : Frozen(head), weights, backend);
    }

    /// <summary>Reads a student from its folder: the authors' current names or their older ones, either recurrent layout, any floating type.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or a field or tensor does not fit; the message names it.</exception>
    public static XlstmModel Load(string folder, Device device, Backend? backend = null) => XlstmFolder.Read(folder, device, backend);

    /// <inheritdoc/>
    public void Save(string folder, WeightStorage? storage = null) => XlstmFolder.Write(this, folder, storage ?? new());

    /// <summary>Makes the blocks compute in bfloat16, several times as fast on a GPU. The head is stored in bfloat16 too, and the embedding if that is
    /// exact, as with a teacher that was bfloat16: half the memory.</summary>
    public void UseBFloat16()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var (embedding, head) = (_embedding, HeadWeight);
        HeadWeight = head.to(ScalarType.BFloat16).DetachFromDisposeScope();
        var rounded = ReferenceEquals(embedding, head) ? HeadWeight : embedding.to(ScalarType.BFloat16).DetachFromDisposeScope();
        var exact = rounded.to(ScalarType.Float32).eq(embedding).all().item<bool>();
        _embedding = exact ? rounded : embedding;
        if (exact || !ReferenceEquals(embedding, head))
        {
            (exact ? embedding : rounded).Dispose();
        }
        if (!ReferenceEquals(embedding, head))
        {
            head.Dispose();
        }
        ComputeType = ScalarType.BFloat16;
        _forms = XlstmForms.Choose(Backend, Config, _weights, ComputeType);
    }

    /// <inheritdoc/>
    public Tensor Forward(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        var x = Embed(inputIds);
        if (_forms.Stack is { } stack && is_grad_enabled())
        {
            return stack.Forward(x).MoveToOuterDisposeScope();
        }
        foreach (var block in _forms.Blocks)
        {
            x = block.Forward(x);
        }
        return _forms.FinalNorm(new(x, _finalNorm)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        var x = Embed(inputIds);
        var layers = new List<Tensor>();
        foreach (var block in _forms.Blocks)
        {
            layers.Add((x = block.Forward(x)).MoveToOuterDisposeScope());
        }
        return (_forms.FinalNorm(new(x, _finalNorm)).MoveToOuterDisposeScope(), layers);
    }

    /// <summary>One block by itself, for measuring.</summary>
    internal Tensor ForwardBlock(int block, Tensor x) => _forms.Blocks[block].Forward(x);

    /// <inheritdoc/>
    public IDecodingState StartDecoding(int batch) => new XlstmDecodingState(batch, [.. _forms.Blocks.Select(block => block.Start(batch))]);

    /// <inheritdoc/>
    public Tensor Decode(Tensor inputIds, IDecodingState state)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var own = (XlstmDecodingState)state;
        if (inputIds.size(0) != own.Batch)
        {
            throw new ArgumentException($"The state is of {own.Batch} sequences, the input of {inputIds.size(0)}.", nameof(inputIds));
        }
        var x = Embed(inputIds);
        for (var block = 0; block < _forms.Blocks.Count; block++)
        {
            x = _forms.Blocks[block].Decode(x, own.Blocks[block]);
        }
        own.Position += inputIds.size(1);
        return _forms.FinalNorm(new(x.select(1, x.size(1) - 1), _finalNorm)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in TrainableParameters)
        {
            parameter.Value.Dispose();
        }
        HeadWeight.Dispose();
        _embedding.Dispose();
    }

    private Tensor Embed(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        return _embedding.index_select(0, inputIds.flatten()).view(inputIds.size(0), inputIds.size(1), Config.Width).to(ScalarType.Float32)
            .MoveToOuterDisposeScope();
    }
}
