namespace Distil.Trainer.Tests.Training;

/// <summary>Tests that run while no other test does, because torch's random generator and the process's memory are shared.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
