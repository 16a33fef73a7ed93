using Distil.Core.Errors;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm;
using Distil.Trainer.Models.Xlstm.SLstm;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>The student: the teacher's embedding and head, frozen, around a stack of sLSTM and mLSTM blocks (Distil-xLSTM, arXiv 2503.18565).</summary>
public sealed class XlstmModel : ILanguageModel
{
    private Tensor _embedding;
    private readonly Tensor _finalNorm;
    private readonly IReadOnlyList<IXlstmBlock> _blocks;
    private readonly FusedStack _passes;

    /// <summary>Takes over the tensors: all float32 on one device, in no dispose scope; <paramref name="weights"/> named and shaped as in memory.</summary>
    internal XlstmModel(XlstmConfig config, Tensor embedding, Tensor head, IReadOnlyDictionary<string, Tensor> weights)
    {
        (Config, _embedding, HeadWeight, Device) = (config, embedding, head, embedding.device);
        TrainableParameters = [.. XlstmParameter.Of(config).Select(parameter => new NamedParameter(parameter.FullName, weights[parameter.FullName]))];
        foreach (var parameter in TrainableParameters)
        {
            parameter.Value.requires_grad = true;
        }
        _finalNorm = weights[XlstmParameter.FinalNorm];
        _passes = new(config, weights);
        _blocks =
        [
            .. Enumerable.Range(0, config.Blocks).Select<int, IXlstmBlock>(
                block => config.IsSlstm(block) ? new SLstmBlock(config, new(weights, block)) : new MLstmBlock(config, new(weights, block))),
        ];
    }

    /// <value>
    /// Element type of the blocks' arithmetic and of the result: float32 (default) or bfloat16. The trained weights, the residual stream, norms, recurrent states and
    /// the products of norms that are most sensitive to rounding stay float32 (on a GPU float16). Not to be changed while a state decodes.
    /// </value>
    public ScalarType ComputeType { get; private set; } = ScalarType.Float32;

    /// <value>Whether training on a GPU in bfloat16 goes by <see cref="FusedStack"/>; off, to compare it with torch's autograd.</value>
    internal bool WritesBackwardOut { get; set; } = true;

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

    /// <summary>A fresh student around a teacher's embedding and head, which are copied and frozen.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="embedding">(V, D), any floating type and device.</param>
    /// <param name="head">(V, D); the same object as <paramref name="embedding"/> shares its copy.</param>
    /// <param name="seed">Decides the random weights, the same on every device.</param>
    /// <param name="device">Where the student goes.</param>
    /// <exception cref="InvalidInputException">The configuration does not fit itself, or embedding or head do not fit it.</exception>
    public static XlstmModel Create(XlstmConfig config, Tensor embedding, Tensor head, int seed, Device device)
    {
        config.Validate("student");
        foreach (var (name, tensor) in new[] { ("embedding", embedding), ("head", head) })
        {
            if (!tensor.shape.SequenceEqual([config.VocabularySize, config.Width]))
            {
                throw new InvalidInputException(
                    $"student: the teacher's {name} is [{string.Join(", ", tensor.shape)}]; the student's vocab_size and embedding_dim need [{config.VocabularySize}, {config.Width}]");
            }
        }

        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var random = new Generator((ulong)seed, CPU);
        Tensor Frozen(Tensor source) => source.detach().to(ScalarType.Float32, device, copy: true).DetachFromDisposeScope();
        var weights = XlstmParameter.Of(config).ToDictionary(
            parameter => parameter.FullName, parameter => XlstmInitialization.Make(parameter, config, random).to(device).DetachFromDisposeScope());
        var copy = Frozen(embedding);
        return new(config, copy, config.TieWeights || ReferenceEquals(embedding, head) ? copy : Frozen(head), weights);
    }

    /// <summary>Reads a student from its folder: the authors' current names or their older ones, either recurrent layout, any floating type.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or a field or tensor does not fit; the message names it.</exception>
    public static XlstmModel Load(string folder, Device device) => XlstmFolder.Read(folder, device);

    /// <summary>Writes <c>config.json</c> and <c>model.safetensors</c> (float32) in the authors' current layout.</summary>
    public void Save(string folder) => XlstmFolder.Write(this, folder);

    /// <summary>
    /// From now on the blocks compute in bfloat16: several times the speed on a GPU. The head is held in it too, and the embedding where that loses nothing, as
    /// with a teacher that was bfloat16: half the memory.
    /// </summary>
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
    }

    /// <inheritdoc/>
    public Tensor Forward(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        var x = Embed(inputIds);
        if (WritesBackwardOut && _passes.Serves(ComputeType))
        {
            return _passes.Forward(x).MoveToOuterDisposeScope();
        }

        foreach (var block in _blocks)
        {
            x = block.Forward(x, ComputeType);
        }
        return Norms.Layer(x, _finalNorm, ComputeType).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        var x = Embed(inputIds);
        var layers = new List<Tensor>();
        foreach (var block in _blocks)
        {
            layers.Add((x = block.Forward(x, ComputeType)).MoveToOuterDisposeScope());
        }
        return (Norms.Layer(x, _finalNorm, ComputeType).MoveToOuterDisposeScope(), layers);
    }

    /// <summary>One block by itself, for measuring.</summary>
    internal Tensor ForwardBlock(int block, Tensor x) => _blocks[block].Forward(x, ComputeType);

    /// <inheritdoc/>
    public IDecodingState StartDecoding(int batch) => new XlstmDecodingState(batch, [.. _blocks.Select(block => block.Start(batch, ComputeType))]);

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
        for (var block = 0; block < _blocks.Count; block++)
        {
            x = _blocks[block].Decode(x, own.Blocks[block], ComputeType);
        }
        own.Position += inputIds.size(1);
        return Norms.Layer(x.select(1, x.size(1) - 1), _finalNorm, ComputeType).MoveToOuterDisposeScope();
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
        return _embedding.index_select(0, inputIds.flatten()).view(inputIds.size(0), inputIds.size(1), Config.Width).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}
