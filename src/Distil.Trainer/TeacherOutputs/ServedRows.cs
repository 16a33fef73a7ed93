using System.Runtime.CompilerServices;
using Distil.Core.Endpoints;
using Distil.Core.Specification;
using Distil.Trainer.Datasets;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The outputs of a teacher behind a server, row by row, in the form of an own teacher's at temperature 1.</summary>
/// <param name="rows">The file of rows.</param>
/// <param name="teacher">The server.</param>
/// <param name="keep">The stored nucleus.</param>
/// <param name="vocabulary">V.</param>
internal sealed class ServedRows(TokenRows rows, EndpointTeacher teacher, KeepSpec keep, int vocabulary)
{
    /// <summary>The smallest mass that 1 − Σ p in float32 distinguishes from 0.</summary>
    private const double LeastRest = 1.0 / (1 << 24);

    /// <summary>1/T of the only temperature at which a server's log-probabilities give the mass of the other tokens.</summary>
    private static readonly double[] Nodes = [1];

    /// <summary>Asks for all rows.</summary>
    /// <param name="parallel">Requests at once, ≥ 1.</param>
    /// <param name="cancel">Cancels the requests.</param>
    /// <returns>One row at a time, in order; the caller disposes it.</returns>
    /// <exception cref="Distil.Core.Errors.InvalidInputException">The server refuses, or answers something else.</exception>
    /// <exception cref="Distil.Core.Http.RemoteException">The server cannot be reached, or fails on every try.</exception>
    internal async IAsyncEnumerable<TaughtRows> AllAsync(int parallel, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var asked = new Queue<Task<Answered>>();
        try
        {
            for (var row = 0L; row < rows.Rows || asked.Count > 0;)
            {
                while (row < rows.Rows && asked.Count < parallel)
                {
                    asked.Enqueue(AskAsync(row++, stop.Token));
                }

                var answered = await FirstAsync(asked);
                _ = asked.Dequeue();
                yield return Targets(answered);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll((IEnumerable<Task>)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // the first failure is thrown already; rows must not be read after it
        }
    }

    /// <summary>Awaits the first row. A later row that fails ends the work at once: the first may be waiting for a server that is overloaded.</summary>
    internal static async Task<T> FirstAsync<T>(Queue<Task<T>> asked)
    {
        var pending = asked.ToList();
        while (!asked.Peek().IsCompleted)
        {
            var ended = await Task.WhenAny(pending);
            _ = pending.Remove(ended);
            if (ended.IsFaulted)
            {
                _ = await ended;
            }
        }

        return await asked.Peek();
    }

    private async Task<Answered> AskAsync(long row, CancellationToken cancel)
    {
        var ids = new long[rows.ContextLength];
        var length = rows.ReadRow(row, ids);
        var stored = rows.IsMasked
            ? CountedPositions.Of(rows, row).Index().Where(position => position.Item).Select(position => position.Index).ToArray()
            : [.. Enumerable.Range(0, length)];
        var answered = new List<TokenScore[]>(stored.Length);
        foreach (var document in rows.HasDocuments ? rows.DocumentsOf(row) : [Range.All])
        {
            var (start, tokens) = document.GetOffsetAndLength(length);
            var asked = stored.Where(position => position >= start && position < start + tokens).ToArray();
            if (asked.Length > 0)
            {
                var prompt = Array.ConvertAll(ids[start..(asked[^1] + 1)], id => (int)id); // what comes after the last position has no effect on it
                var scores = await teacher.ScoreAsync(prompt, cancel);
                answered.AddRange(asked.Select(position => scores[position - start]));
            }
        }

        return new(row, [.. answered]);
    }

    private TaughtRows Targets(Answered row)
    {
        var (positions, slots) = (rows.ContextLength, Math.Min(keep.MaxTokens, vocabulary));
        var (ids, logs, tails) = (new long[positions * slots], new float[positions * slots], new float[positions]);
        Array.Fill(logs, float.NegativeInfinity);
        Array.Fill(tails, float.NegativeInfinity);
        for (var position = 0; position < positions; position++)
        {
            var at = position * slots;
            if (position < row.Scores.Length)
            {
                tails[position] = Fill(row.Scores[position], ids.AsSpan(at, slots), logs.AsSpan(at, slots));
            }
            else
            {
                logs[at] = 0; // as padding is: token 0 with probability 1
            }
        }

        var targets = new TeacherTargets(
            tensor(ids, positions, slots), tensor(logs, positions, slots), tensor(tails, positions, 1), Nodes, MeanHidden: null);
        return new(targets, [row.Scores.Length], row.Row);
    }

    /// <returns>The logarithm of the other tokens' mass.</returns>
    private float Fill(TokenScore[] scores, Span<long> ids, Span<float> logs)
    {
        var (mass, used) = (0.0, 0);
        while (used < scores.Length && Nucleus.Needs(keep, used, mass))
        {
            (ids[used], logs[used]) = (scores[used].Id, scores[used].LogProbability);
            mass += Math.Exp(scores[used].LogProbability);
            used++;
        }

        ids[used..].Fill(ids[0]);
        return used == vocabulary ? float.NegativeInfinity : (float)Math.Log(Math.Max(1 - mass, LeastRest));
    }

    /// <summary>What the server answered for a row.</summary>
    /// <param name="Row">The row, from 0.</param>
    /// <param name="Scores">The tokens after each position that is stored, in order.</param>
    private readonly record struct Answered(long Row, TokenScore[][] Scores);
}
