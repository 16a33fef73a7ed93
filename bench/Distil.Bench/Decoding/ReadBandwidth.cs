using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Bench.Decoding;

/// <summary>How fast threads read memory that no cache holds, in the pages in which the engine's weights lie.</summary>
internal sealed unsafe class ReadBandwidth : IWork, IDisposable
{
    private const long Bytes = 1L << 30;
    private const int Parts = 64;

    private readonly WorkerTeam _team;
    private byte* _memory = LargePages.Allocate(Bytes);
    private float _sum;

    internal ReadBandwidth(int threads)
    {
        _team = new(threads);
        NativeMemory.Fill(_memory, (nuint)Bytes, 1);
    }

    /// <summary>The best of five passes, GB/s.</summary>
    internal static double Of(int threads)
    {
        using var reading = new ReadBandwidth(threads);
        return Enumerable.Range(0, 5).Max(_ => reading.Measure());
    }

    /// <summary>GB/s of one pass.</summary>
    internal double Measure()
    {
        var start = Stopwatch.GetTimestamp();
        _team.Run(this, Parts, long.MaxValue);
        return Bytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
    }

    /// <inheritdoc/>
    void IWork.Do(int part)
    {
        const long Length = Bytes / Parts / sizeof(float);
        var from = (float*)_memory + part * Length;
        Vector512<float> a = default, b = default, c = default, d = default;
        for (long i = 0; i < Length; i += 64)
        {
            a += Vector512.Load(from + i);
            b += Vector512.Load(from + i + 16);
            c += Vector512.Load(from + i + 32);
            d += Vector512.Load(from + i + 48);
        }

        _sum += Vector512.Sum(a + b + c + d);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _team.Dispose();
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
