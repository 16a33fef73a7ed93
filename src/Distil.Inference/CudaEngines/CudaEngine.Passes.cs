using Distil.Inference.Engines;

namespace Distil.Inference.CudaEngines;

/// <content>What is queued for a pass.</content>
internal sealed partial class CudaEngine
{
    /// <summary>Takes how the wanted tokens are chosen. The pass before has ended.</summary>
    private void PrepareChoices(ReadOnlySpan<StudentInput> inputs)
    {
        _wanted = 0;
        foreach (var input in inputs)
        {
            if (input.WantsLogits)
            {
                _samplers[_wanted++] = input.Sampler;
            }
        }

        var samplers = _samplers.AsSpan(0, _wanted);
        _wanted = 0;
        _draws = DeviceSampling.Needs(samplers);
        if (_draws)
        {
            _sampling.Prepare(samplers, steps: 1);
        }
    }

    /// <summary>Several tokens of one sequence.</summary>
    private void ReadPiece(ReadOnlySpan<StudentInput> inputs)
    {
        var sequence = ((CudaSequence)inputs[0].State).Memory;
        _stream.Synchronize(); // the step before has read its tokens and addresses
        sequence.Advance(inputs.Length);
        for (var i = 0; i < inputs.Length; i++)
        {
            _tokens.Values[i] = inputs[i].Token;
        }

        _addresses.Write(sequence);
        _stream.CopyToDevice(_tokens.Values[..inputs.Length], _memory.Tokens.Address);
        _student.Network.EnqueueRead(_student.Queue(_memory, _addresses.Table(1), inputs.Length, _stream));
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].WantsLogits)
            {
                Keep(i, _wanted++);
            }
        }
    }

    /// <summary>A token of each of several sequences.</summary>
    private void ReadSingle(bool withLogits)
    {
        if (_single.Count == 0)
        {
            return;
        }

        _stream.Synchronize();
        var sequences = new SequenceMemory[_single.Count];
        for (var i = 0; i < sequences.Length; i++)
        {
            (sequences[i], _tokens.Values[i]) = (_single[i].Sequence.Memory, _single[i].Token);
            sequences[i].Advance(1);
        }

        _addresses.Write(sequences);
        _stream.CopyToDevice(_tokens.Values[..sequences.Length], _memory.Tokens.Address);
        Launch(sequences.Length, withLogits);
        for (var i = 0; i < sequences.Length && !withLogits; i++)
        {
            if (_single[i].Wanted is >= 0 and var wanted)
            {
                Keep(i, wanted);
            }
        }
    }

    private void Keep(int row, int wanted)
    {
        var bytes = (long)_memory.Stride * sizeof(float);
        _stream.Copy(_memory.Stream + row * bytes, _last.Address + wanted * bytes, bytes);
    }

    /// <summary>Launches a step: a kernel is loaded when it is first launched, so a step is recorded when it is needed for the second time.</summary>
    private void Launch(int sequences, bool withLogits)
    {
        var queue = _student.Queue(_memory, _addresses.Table(sequences), steps: 1, _stream);
        if (withLogits && _draws && _sampling.Penalizes)
        {
            Enqueue(); // as many penalties as this step has
            return;
        }

        var key = (sequences, withLogits, withLogits && _draws);
        if (!_graphs.TryGetValue(key, out var graph))
        {
            Enqueue();
            _graphs[key] = null;
            return;
        }

        (_graphs[key] = graph ?? _stream.Capture(Enqueue)).Launch();

        void Enqueue()
        {
            _student.Network.EnqueueRead(queue);
            if (withLogits)
            {
                EnqueueLogits(queue, _memory.Stream);
            }
        }
    }

    private void ComputeLogits(bool alreadyQueued)
    {
        if (_wanted == 0)
        {
            return;
        }

        if (!alreadyQueued)
        {
            EnqueueLogits(_student.Queue(_memory, _addresses.Table(_wanted), steps: 1, _stream), _last.Address);
        }

        _stream.CopyToHost(_memory.Tokens.Address, _chosen.Values[.._wanted]);
    }

    private void EnqueueLogits(StepQueue queue, long stream)
    {
        _student.Network.EnqueueLogits(queue, stream);
        if (_draws)
        {
            _sampling.Enqueue(queue, listed: false);
        }
        else
        {
            queue.Choose(VocabularySize, listed: false);
        }
    }
}
