namespace Distil.Trainer.Stories;

/// <summary>A small generator whose numbers never change between .NET versions (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).</summary>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A number from 0 to <paramref name="bound"/> − 1.</summary>
    public int Below(int bound)
    {
        _state += 0x9E3779B97F4A7C15;
        var z = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (int)((UInt128)(z ^ (z >> 31)) * (uint)bound >> 64);
    }
}
