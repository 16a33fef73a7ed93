namespace Distil.Trainer.Tests.Training;

/// <summary>Tests that run while no other does: torch's random generator and the process's memory are shared by all.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
