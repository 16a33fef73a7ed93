using Distil.Inference.Cuda;
using Distil.Inference.Sampling;

namespace Distil.Inference.CudaEngines;

/// <summary>Draws the tokens of a step's rows on a card, the same ones as <see cref="Sampler"/> draws from the same logits.</summary>
internal sealed class DeviceSampling : IDisposable
{
    private const int Ranges = 2049; // RANGES in draw.cuh
    private const int Threads = 256, DrawThreads = 1024;
    private const int MostOfPart = 1 << 15; // tokens whose masses' halves are added in 32 bits
    private const int LeastParts = 4, MostParts = 128, Blocks = 1024;

    private readonly CudaCard _card;
    private readonly CudaStream _stream;
    private readonly int _vocabulary;
    private readonly PinnedBuffer<RowDraw> _options;
    private readonly PinnedBuffer<double> _numbers;
    private readonly DeviceBuffer _how, _uniform, _maxima, _verdicts, _counts, _sums, _within, _grouped;
    private PinnedBuffer<Penalty> _penalties;
    private DeviceBuffer _changes;
    private int _changeCount;

    /// <param name="card">The card.</param>
    /// <param name="stream">The queue.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="rows">Most rows of a step.</param>
    /// <exception cref="CudaKernelException">The card has too little memory.</exception>
    internal DeviceSampling(CudaCard card, CudaStream stream, int vocabulary, int rows)
    {
        (_card, _stream, _vocabulary) = (card, stream, vocabulary);
        try
        {
            _options = new(card, rows);
            _numbers = new(card, rows * Workspace.MaxSteps);
            _penalties = new(card, 1);
            _how = Buffer<RowDraw>(rows);
            _uniform = Buffer<double>(rows * Workspace.MaxSteps);
            _changes = Buffer<Penalty>(1);
            _maxima = Buffer<float>(rows);
            _verdicts = Buffer<int>(rows);
            _counts = Buffer<uint>(rows * Ranges);
            _sums = Buffer<ulong>(rows * Ranges);
            _within = Buffer<uint>((long)Math.Max(Blocks, rows * PartsOf(rows)) * Ranges);
            _grouped = Buffer<ulong>((long)rows * vocabulary);
        }
        catch
        {
            Dispose(); // of what there was room for
            throw;
        }
    }

    /// <summary>Whether any of some samplers does not simply take the most likely token.</summary>
    internal static bool Needs(ReadOnlySpan<Sampler?> samplers)
    {
        var needs = false;
        foreach (var sampler in samplers)
        {
            needs |= sampler is { Options.IsGreedy: false };
        }

        return needs;
    }

    /// <summary>Checks the rows' tokens, (steps, rows), and tells them to the rows' samplers, if there are any.</summary>
    /// <exception cref="ArithmeticException">A token could not be chosen.</exception>
    internal static void Accept(ReadOnlySpan<Sampler?> samplers, ReadOnlySpan<int> chosen)
    {
        if (chosen.Contains(-1))
        {
            throw new ArithmeticException("a logit is not a number, or none is finite");
        }

        for (var i = 0; i < chosen.Length && samplers.Length > 0; i++)
        {
            samplers[i % samplers.Length]?.Accept(chosen[i]);
        }
    }

    /// <value>Whether logits change before the draw; then a step must not be recorded.</value>
    internal bool Penalizes => _changeCount > 0;

    /// <summary>Takes what the samplers want, and their random numbers. The steps before must have ended.</summary>
    /// <param name="samplers">Of each row; null for the most likely token.</param>
    /// <param name="steps">How many steps, 1 to <see cref="Workspace.MaxSteps"/>.</param>
    internal void Prepare(ReadOnlySpan<Sampler?> samplers, int steps)
    {
        var changes = new List<Penalty>();
        for (var row = 0; row < samplers.Length; row++)
        {
            var options = samplers[row]?.Options ?? SamplingOptions.Greedy;
            _options.Values[row] = new(options.InverseTemperature, options.TopK ?? int.MaxValue, options.TopP, options.MinP);
            for (var step = 0; step < steps; step++)
            {
                _numbers.Values[step * samplers.Length + row] = options.Temperature > 0 ? samplers[row]!.Number() : 0;
            }

            var first = row * _vocabulary;
            changes.AddRange((samplers[row]?.Changes ?? []).Select(change => new Penalty(first + change.Token, change.Less, options.RepetitionPenalty)));
        }

        _stream.CopyToDevice(_options.Values[..samplers.Length], _how.Address);
        _stream.CopyToDevice(_numbers.Values[..(steps * samplers.Length)], _uniform.Address);
        Prepare(changes);
    }

    /// <summary>Queues that each row's next token is drawn.</summary>
    /// <param name="queue">The rows, whose logits are computed.</param>
    /// <param name="listed">Whether the tokens are listed too, step by step.</param>
    internal void Enqueue(StepQueue queue, bool listed)
    {
        var (memory, rows) = (queue.Memory, queue.Rows);
        if (Penalizes)
        {
            queue.Launch("penalize", LaunchShape.For(_changeCount), _changes.Address, _changeCount, memory.Logits);
        }

        queue.FindBest(_vocabulary);
        var parts = new LaunchShape(PartsOf(rows), Threads, rows);
        queue.Launch(
            "draw_count", parts, _how.Address, memory.Logits, _vocabulary, _vocabulary, memory.Best, memory.BestToken, Workspace.Parts, _maxima.Address,
            _verdicts.Address, _counts.Address, _sums.Address, _within.Address);
        queue.Launch(
            "draw_group", parts, _how.Address, memory.Logits, _vocabulary, _vocabulary, _maxima.Address, _verdicts.Address, _counts.Address, _within.Address,
            _grouped.Address, listed ? memory.Step : 0);
        queue.Launch(
            "draw", new(rows, DrawThreads), _how.Address, _uniform.Address, _vocabulary, _verdicts.Address, _counts.Address, _sums.Address, _grouped.Address,
            memory.Tokens.Address, listed ? memory.Chosen : 0, listed ? memory.Step : 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable? part in (IDisposable?[])[
            _options, _numbers, _penalties, _how, _uniform, _changes, _maxima, _verdicts, _counts, _sums, _within, _grouped])
        {
            part?.Dispose();
        }
    }

    /// <summary>Blocks of threads for a row: enough for all multiprocessors, and none with too many tokens.</summary>
    private int PartsOf(int rows) => Math.Max(Math.Clamp(Blocks / rows, LeastParts, MostParts), (_vocabulary + MostOfPart - 1) / MostOfPart);

    private void Prepare(List<Penalty> changes)
    {
        _changeCount = changes.Count;
        if (_changeCount > _penalties.Values.Length)
        {
            // If there is no room for the larger ones, the next steps still have the old ones.
            var onCard = Buffer<Penalty>(2 * _changeCount);
            using var oldOnCard = _changes;
            _changes = onCard;
            var onHost = new PinnedBuffer<Penalty>(_card, 2 * _changeCount);
            using var oldOnHost = _penalties;
            _penalties = onHost;
        }

        changes.CopyTo(_penalties.Values);
        if (Penalizes)
        {
            _stream.CopyToDevice(_penalties.Values[.._changeCount], _changes.Address);
        }
    }

    private unsafe DeviceBuffer Buffer<T>(long length)
        where T : unmanaged => new(_card, length * sizeof(T));

    // Drawing in draw.cuh.
    private readonly record struct RowDraw(float InverseTemperature, int TopK, double TopP, double MinP);

    // Penalty in draw.cuh.
    private readonly record struct Penalty(int At, float Less, double Factor);
}
