namespace Distil.Inference.Randomness;

/// <summary>A small random generator whose numbers are the same on every machine and runtime (Steele, Lea and Flood, 2014).</summary>
internal struct SplitMix64
{
    private ulong _state;

    /// <summary>Creates an independent stream for each key.</summary>
    public SplitMix64(params ReadOnlySpan<long> key)
    {
        foreach (var part in key)
        {
            _state ^= (ulong)part;
            _state = Next();
        }
    }

    /// <summary>The stream that begins at a given state: the published sequence of that seed.</summary>
    public static SplitMix64 At(ulong state) => new() { _state = state };

    /// <summary>Uniform over all 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>Uniform in 0 … bound − 1, without bias (Lemire, arXiv 1805.10941).</summary>
    public long Below(long bound)
    {
        var range = (ulong)bound;
        var high = Math.BigMul(Next(), range, out var low);
        if (low < range)
        {
            var threshold = (0 - range) % range;
            while (low < threshold)
            {
                high = Math.BigMul(Next(), range, out low);
            }
        }

        return (long)high;
    }

    /// <summary>As <see cref="Below(long)"/>, for small bounds.</summary>
    public int Below(int bound) => (int)Below((long)bound);

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>0 … count − 1 in random order (Fisher–Yates).</summary>
    public long[] Permutation(long count)
    {
        var order = new long[count];
        for (long i = 0; i < count; i++)
        {
            var j = Below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }

        return order;
    }
}
