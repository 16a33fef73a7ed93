namespace Distil.Inference.Parallelism;

/// <summary>Work in independent parts.</summary>
internal interface IWork
{
    /// <summary>Does one part; several threads call it at once, each part once.</summary>
    void Do(int part);
}
