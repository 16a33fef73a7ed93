namespace Distil.Trainer.Generation;

/// <summary>A small random generator whose sequence is fixed by its definition (Steele, Lea, Flood: Fast splittable generators, 2014).</summary>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform from 0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)((UInt128)Next() * (uint)bound >> 64);

    internal ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
